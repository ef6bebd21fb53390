#!/bin/sh
# Compiles all modules to bytecode: a container with a read-only root would compile them at each start.
#
#   sh bytecode.sh [FOLDER]    default: all installed packages
set -eu
# Unchecked: the bytecode is right whatever time the files of a layer get.
/opt/tokenlake/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
    "${1:-/opt/tokenlake/lib/python3.11/site-packages}"
