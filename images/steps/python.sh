#!/bin/sh
# Installs locked dependencies into /opt/tokenlake, by their hashes, in the versions of uv.lock.
# Works in the folder with pyproject.toml and uv.lock.
#
#   sh python.sh EXTRA     the product's dependencies with an extra
set -eu
here=$(dirname "$0")
. "$here/build_settings.sh"
PATH=/opt/tools/bin:$PATH
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1
extra=$1

# A mirror is another index than the lock's, which --locked would refuse: the lock is read without it.
locked() {
    env -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_INDEX uv export --quiet --locked --offline --no-default-groups \
        --no-emit-project --extra "$extra" "$@"
}
install_locked() {
    uv pip install --quiet --python /opt/tokenlake/bin/python --no-deps --require-hashes "$@"
}

uv venv --quiet --python /usr/bin/python3.11 /opt/tokenlake
locked --no-emit-package pyspark --no-emit-package pyspark-client -o /tmp/wheels.txt
install_locked --no-build -r /tmp/wheels.txt
# Spark alone comes as source; what builds it (setuptools) is now installed.
locked -o /tmp/all.txt
install_locked --no-build-isolation -r /tmp/all.txt
rm /tmp/wheels.txt /tmp/all.txt

sh "$here/thin.sh"
sh "$here/bytecode.sh"
