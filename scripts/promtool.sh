#!/bin/sh
# Puts promtool and prometheus, of Debian's package, into .tools/bin: the tests of the alert rules run them.
# Does nothing, and downloads nothing, when both are there or on the PATH.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.tools/bin:$PATH"
if command -v promtool >/dev/null && command -v prometheus >/dev/null; then exit 0; fi

say() { printf '%s\n' "$*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    say "missing: promtool and prometheus. Put both on the PATH: https://prometheus.io/download"
    exit 1
fi
say "fetching promtool and prometheus into .tools"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A new machine has no lists of packages; only root may fetch them.
if [ -z "$(apt-cache madison prometheus 2>/dev/null)" ]; then
    [ "$(id -u)" = 0 ] || { say "run as root, then run this again: apt-get update"; exit 1; }
    apt-get update -qq
fi
(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root prometheus)
dpkg -x "$folder"/prometheus_*.deb "$folder/files"
mkdir -p .tools/bin
cp "$folder/files/usr/bin/promtool" "$folder/files/usr/bin/prometheus" .tools/bin/
