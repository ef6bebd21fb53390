#!/bin/sh
# Compiles all kernels and word tables into /opt/tokenlake/kernels, for the processors that `environment` names:
# numba would compile them again where the processor's name or the writable cache is another.
#
#   sh kernels.sh ENVIRONMENT [CACHE]
#
# CACHE is a folder that stays from build to build. What lies there is used while all of `pipelines`, the packages and
# the processor are the same: numba itself looks only at the file of a kernel, not at what the kernel calls.
set -eu
set -a
# shellcheck disable=SC1090
. "./$1"
set +a
packages=/opt/tokenlake/lib/python3.11/site-packages
if grep -rlE '^ *@njit' "$packages/lake" "$packages/jobs" "$packages/features" --include='*.py'; then
    echo "kernels: they must lie in pipelines, whose files say whether compiled ones are still right" >&2
    exit 1
fi
state=$({
    cat "$1"
    find "$packages" -maxdepth 1 -name '*.dist-info' | sort
    cd "$packages" && find pipelines -name '*.py' -exec sha256sum {} + | sort
} | sha256sum | cut -c1-16)

cache=${2:-/tmp/kernels}
mkdir -p "$cache"
find "$cache" -mindepth 1 -maxdepth 1 ! -name "$state" -exec rm -rf {} +
export NUMBA_CACHE_DIR="$cache/$state" XDG_CACHE_HOME=/tmp/cache HOME=/tmp
mkdir -p "$NUMBA_CACHE_DIR"
/opt/tokenlake/bin/tokenlake doctor --install --all-steps --quiet
cp -r "$NUMBA_CACHE_DIR" /opt/tokenlake/kernels
chmod -R a+rX,go-w /opt/tokenlake/kernels
rm -rf /tmp/cache /tmp/kernels /tmp/tokenlake-*
