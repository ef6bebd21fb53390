#!/bin/sh
# Makes the root file system of an image in a folder, without a container engine, as root:
#
#   sh images/rootfs.sh spark [FOLDER]       default: lakes/rootfs/spark
#   sh images/rootfs.sh features [FOLDER]
#
# It carries out the instructions of images/IMAGE/Containerfile in chroot; debootstrap makes the base.
set -eu
cd "$(dirname "$0")/.."
exec env PYTHONPATH=. python3 -m images.rootfs "$@"
