#!/bin/sh
# Installs this project's wheel into /opt/tokenlake. Works in the folder with pyproject.toml.
set -eu
here=$(dirname "$0")
packages=/opt/tokenlake/lib/python3.11/site-packages

/opt/tools/bin/python -m hatchling build -t wheel -d /tmp/wheel >/dev/null
UV_NO_CACHE=1 UV_LINK_MODE=copy /opt/tools/bin/uv pip install --quiet --offline --no-deps \
    --python /opt/tokenlake/bin/python /tmp/wheel/*.whl
rm -r /tmp/wheel
for package in pipelines lake jobs features training; do
    sh "$here/bytecode.sh" "$packages/$package"
done
ln -s "lib/python3.11/site-packages/jobs" /opt/tokenlake/jobs # spark-submit names its entry points by this path
