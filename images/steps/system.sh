#!/bin/sh
# Installs the Debian packages that a file lists, and today's security updates; leaves no cache and no mirror behind.
#
#   sh system.sh PACKAGES.txt
set -eu
here=$(dirname "$0")
. "$here/build_settings.sh"
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes

quietly() { # what apt says is printed only when it fails
    "$@" >/tmp/apt.log 2>&1 || { cat /tmp/apt.log >&2; exit 1; }
}

sources=/etc/apt/sources.list.d/debian.sources
if [ -n "${DEBIAN_MIRROR:-}" ]; then
    cp "$sources" /tmp/debian.sources
    sed -i -e "s|http://deb.debian.org/debian-security|${DEBIAN_SECURITY_MIRROR:-$DEBIAN_MIRROR-security}|" \
        -e "s|http://deb.debian.org/debian$|$DEBIAN_MIRROR|" "$sources"
fi

packages=$(sed -e 's/#.*//' "$1")
mkdir -p /usr/share/man/man1 # Java's package links its manual here, which slim images lack
quietly apt-get update
quietly apt-get upgrade -y --no-install-recommends
# shellcheck disable=SC2086
quietly apt-get install -y --no-install-recommends $packages

[ ! -e /tmp/debian.sources ] || mv /tmp/debian.sources "$sources"
apt-get clean
# What differs from build to build, and what only apt and people at a terminal read.
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache \
    /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/log/bootstrap.log \
    /usr/share/doc/*/changelog* /usr/share/man/* /usr/share/info/* /tmp/*
