#!/bin/sh
# Installs what builds the image, by its hashes, into /opt/tools. Runs in a stage that is thrown away.
#
#   sh tools.sh build-tools.txt
set -eu
here=$(dirname "$0")
. "$here/build_settings.sh"

if [ -r /run/secrets/build-ca ]; then # Java has a store of certificates of its own, which Debian's tool fills
    mkdir -p /usr/local/share/ca-certificates/build
    awk '/BEGIN CERTIFICATE/ {n++} n {print > ("/usr/local/share/ca-certificates/build/" n ".crt")}' \
        /run/secrets/build-ca
    update-ca-certificates >/dev/null 2>&1
fi

python3 -m venv /opt/tools
/opt/tools/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir \
    --only-binary :all: --require-hashes -r "$1"
