#!/bin/sh
# Installs a part of the locked dependencies into /opt/tokenlake, by their hashes, in the versions of uv.lock: those
# that a file names, those of an extra, and what they need. Works in the folder with pyproject.toml and uv.lock.
#
#   sh python_part.sh EXTRA NAMES.txt
set -eu
here=$(dirname "$0")
. "$here/build_settings.sh"
PATH=/opt/tools/bin:$PATH
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1

env -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_INDEX uv export --quiet --locked --offline --no-default-groups \
    --no-emit-project --extra "$1" -o /tmp/locked.txt
python3 - "$1" >/tmp/names.txt <<'PYTHON'
import sys, tomllib
from pathlib import Path
print(*tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"][sys.argv[1]], sep="\n")
PYTHON
uv venv --quiet --python /usr/bin/python3.11 /opt/tokenlake
uv pip install --quiet --python /opt/tokenlake/bin/python --no-build --constraint /tmp/locked.txt \
    -r /tmp/names.txt -r "$2"

sh "$here/thin.sh"
sh "$here/bytecode.sh"
rm /tmp/locked.txt /tmp/names.txt
