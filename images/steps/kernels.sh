#!/bin/sh
# Compiles all kernels and word tables into /opt/tokenlake/kernels, for the processors that `environment` names:
# numba would compile them again where the processor's name or the writable cache is another.
#
#   sh kernels.sh ENVIRONMENT
set -eu
set -a
# shellcheck disable=SC1090
. "./$1"
set +a
export NUMBA_CACHE_DIR=/opt/tokenlake/kernels XDG_CACHE_HOME=/tmp/cache HOME=/tmp
mkdir -p "$NUMBA_CACHE_DIR"
/opt/tokenlake/bin/tokenlake doctor --install --all-steps --quiet
rm -rf /tmp/cache /tmp/tokenlake-*
chmod -R a+rX,go-w "$NUMBA_CACHE_DIR"
