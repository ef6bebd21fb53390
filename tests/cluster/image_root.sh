#!/bin/bash
# Runs a container's process from a folder that holds an image's root file system, as a container engine would: it sees
# the image's files and the pod's volumes and nothing else, cannot write the image, and has no privileges.
#
#   image_root.sh IMAGE VOLUMES ARGUMENT…
#
# For a node agent without a container engine. The agent starts this as root, in a mount namespace that it has made for
# the pod, with the pod's volumes mounted at their places from folders below VOLUMES; ARGUMENTs go to the image's entry
# point. What this enforces is what our pod templates ask for (jobs/kubernetes/pods.py): user and group 185, a
# read-only root, no capability, none to be gained.
set -euo pipefail
image=$1 volumes=$2
shift 2

# A layer over the image holds the mount points that it lacks; then the whole is read-only.
layer=/mnt # of this mount namespace alone
mount -t tmpfs -o size=1m,mode=755 tmpfs "$layer"
root=$layer/root
mkdir "$layer/upper" "$layer/work" "$root"
mount -t overlay -o "lowerdir=$image,upperdir=$layer/upper,workdir=$layer/work" overlay "$root"
mkdir -p "$root/proc" "$root/dev" "$root/tmp"

bind() { # SOURCE PLACE
    if [[ -d $1 ]]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")" && touch "$root$2"; fi
    mount --bind "$1" "$root$2"
}

# Scratch of the pod, which its group may write. A pod of the same name may have left something in the agent's folder.
add_scratch() { # SOURCE PLACE
    find "$1" -mindepth 1 -delete
    chown :185 "$1" && chmod 2775 "$1"
    bind "$1" "$2"
}

# A volume with content of the agent's is a ConfigMap, a Secret or a token.
add_volume() { # PLACE
    if [[ -d $1 && (-z $(ls -A "$1") || $(stat --format=%g "$1") == 185) ]]; then
        add_scratch "$1" "$1"
    else
        bind "$1" "$1"
        mount -o remount,bind,ro "$root$1"
    fi
}

# The agent's own mounts, told apart by the folder that they show.
below() { findmnt --noheadings --output FSROOT,TARGET --list | awk -v folder="$1/" 'index($1, folder) == 1 { print $2 }'; }
holder=$(findmnt --noheadings --output TARGET --target "$volumes")
shown=$(findmnt --noheadings --output FSROOT --target "$volumes")
shown=${shown%/}/${volumes#"${holder%/}/"}
for place in $(below "$shown" | sort -u); do
    [[ $place == /etc/hosts ]] || add_volume "$place"
done
# The agent mounts nothing at /tmp: its own processes need theirs.
scratch=$volumes/pods/$HOSTNAME/vol/tmp
if [[ -d $scratch ]]; then
    add_scratch "$scratch" /tmp
fi

# An agent that writes its file of host names anew while a pod looks a name up would make the name unknown for a moment.
# So the pod sees a copy, which is replaced as a whole.
names=$layer/names
mkdir "$names" "$root/run/names"
ln -sf /run/names/hosts "$root/etc/hosts"
mount --bind "$names" "$root/run/names"
cp /etc/hosts "$names/hosts"
follow_names() { # until the process $1 has ended
    while kill -0 "$1" 2>/dev/null; do
        cp /etc/hosts "$names/new" && [[ -s $names/new ]] && mv "$names/new" "$names/hosts"
        sleep 0.3
    done
}
follow_names $$ </dev/null >/dev/null 2>&1 &

mount -t tmpfs -o mode=755,size=64k tmpfs "$root/dev"
for device in null zero full random urandom; do
    bind "/dev/$device" "/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/dev/shm"
mount -o remount,bind,ro "$root"

# Process ids of its own: all that a container started ends with its first process.
exec setpriv --no-new-privs unshare --pid --fork --kill-child --mount-proc="$root/proc" -- \
    setpriv --inh-caps=-all --ambient-caps=-all \
    chroot --userspec=185:185 --groups=185 "$root" env --chdir=/tmp /opt/entrypoint.sh "$@"
