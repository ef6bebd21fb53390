#!/bin/sh
# Installs the S3 server that the tests start, VersityGW, into .tools/bin; does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
version=v1.8.0
mark=".tools/bin/.versitygw-$version"
[ -x .tools/bin/versitygw ] && [ -e "$mark" ] && exit 0
say() { printf '%s\n' "$*" >&2; }
if ! command -v go >/dev/null; then
    say "the S3 server is built with Go, which is missing; install it (https://go.dev/doc/install), then run this again"
    exit 1
fi
say "building the S3 server (once, about two minutes)"
mkdir -p .tools/bin
GOBIN="$PWD/.tools/bin" GOFLAGS= go install "github.com/versity/versitygw/cmd/versitygw@$version"
touch "$mark"
