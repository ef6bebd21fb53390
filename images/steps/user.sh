#!/bin/sh
# Adds the user that the image runs as, and the folders that it may write: nothing else in the image is its own.
#
#   sh user.sh NAME UID FOLDER…
set -eu
name=$1
uid=$2
shift 2
# Group 0, as images for any cluster do: a cluster that chooses a user of its own keeps this group.
useradd -K UID_MIN=100 --uid "$uid" --gid 0 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin "$name"
for folder in "$@"; do
    install -d -o "$uid" -g 0 -m 0775 "$folder"
done
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid- /var/log/lastlog /var/log/faillog
