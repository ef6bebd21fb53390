#!/bin/sh
# Brings what a fresh Debian or Ubuntu machine lacks: uv, the locked environment, a JDK, the pinned jars.
# Does nothing, and downloads nothing, when all of it is there.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

as_root_install() { # packages…: installs when root may, else says the exact words
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $* with apt-get"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
    else
        say "missing: $*"
        say "install it as root, then run this again:"
        say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
        exit 1
    fi
}

# 1. uv: on the PATH, or in .tools
PATH="$PWD/.tools/bin:$PATH"
export PATH
if ! command -v uv >/dev/null; then
    python3 -m pip --version >/dev/null 2>&1 || as_root_install python3-pip
    say "installing uv into .tools"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools uv
fi

# 2. the locked environment; untouched when it matches the lock
if [ ! -e .venv/.tokenlake ] || [ uv.lock -nt .venv/.tokenlake ] || [ pyproject.toml -nt .venv/.tokenlake ]; then
    say "setting up the environment (once; a few minutes)"
    uv sync --locked --quiet --compile-bytecode
    touch .venv/.tokenlake
fi

# 3. a JDK that Spark 4.2 runs on
java_version() { "$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1; }
supported() { v=$(java_version "$1"); [ "$v" = 17 ] || [ "$v" = 21 ]; }
if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ] && supported "$JAVA_HOME/bin/java"; then :
elif command -v java >/dev/null && supported java; then :
else
    package=openjdk-17-jre-headless
    if command -v apt-cache >/dev/null && ! apt-cache show "$package" >/dev/null 2>&1; then
        [ "$(id -u)" = 0 ] && apt-get update -qq
        apt-cache show "$package" >/dev/null 2>&1 || package=openjdk-21-jre-headless
    fi
    as_root_install "$package"
fi

# 4. the pinned jars
.venv/bin/tokenlake doctor --install --quiet
