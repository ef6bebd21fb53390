#!/bin/sh
# Brings what a machine lacks: uv, the locked environment, compiled kernels; a JDK only for the classic engine.
# Does nothing, and downloads nothing, when all of it is there.
#
#   sh scripts/bootstrap.sh          what `tokenlake run` needs
#   sh scripts/bootstrap.sh dev      and what the checks and tests need
#   sh scripts/bootstrap.sh spark    and classic Spark with a JDK
#   sh scripts/bootstrap.sh serve    and the feature server
#   sh scripts/bootstrap.sh train    and torch
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

# 2. the locked environment; what was asked for once is kept in later calls
stamp() { echo ".venv/.tokenlake-$1"; }
fresh() { [ -e "$(stamp "$1")" ] && [ ! uv.lock -nt "$(stamp "$1")" ] && [ ! pyproject.toml -nt "$(stamp "$1")" ]; }
levels="run"
for level in dev spark serve train; do
    if [ "${1:-run}" = "$level" ] || [ -e "$(stamp "$level")" ]; then levels="$levels $level"; fi
done
missing=""
for level in $levels; do fresh "$level" || missing="$missing $level"; done
if [ -n "$missing" ]; then
    say "setting up the environment:$missing (once)"
    options="--no-default-groups"
    case "$levels" in *dev*) options="--group dev" ;; esac
    case "$levels" in *spark*) options="$options --extra spark" ;; esac
    case "$levels" in *serve*) options="$options --extra serve" ;; esac
    case "$levels" in *train*) options="$options --extra train" ;; esac
    # Modules are compiled to bytecode by the first run; for the few that it imports that is faster.
    # shellcheck disable=SC2086
    uv sync --locked --quiet $options
    for level in $levels; do touch "$(stamp "$level")"; done
fi

# 3. kernels compiled, once for each environment; a run would do it, but somebody would wait for it
if [ ! -e "$(stamp kernels)" ] || [ uv.lock -nt "$(stamp kernels)" ]; then
    .venv/bin/tokenlake doctor --install --quiet
    touch "$(stamp kernels)"
fi
if [ "${1:-run}" = dev ] && { [ ! -e "$(stamp all-kernels)" ] || [ uv.lock -nt "$(stamp all-kernels)" ]; }; then
    .venv/bin/tokenlake doctor --install --all-steps --quiet
    touch "$(stamp all-kernels)"
fi

# 4. for the classic engine: a JDK that Spark 4.2 runs on, and the JVM's class archive
[ "${1:-run}" = spark ] || exit 0
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
.venv/bin/tokenlake doctor --install --engine spark --quiet
