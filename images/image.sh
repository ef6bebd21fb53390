#!/bin/sh
# Builds the images with the container engine of this machine:
#
#   sh images/image.sh [spark|features]…     default: both
#
# ENGINE names it (podman, docker, buildah); else the first that works is taken. REGISTRY and VERSION make the name:
# REGISTRY/tokenlake-IMAGE:VERSION. A file BUILD_SETTINGS, BUILD_CA or BUILD_APT is given to the build as a secret.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "image: $*" >&2; }

works() { # a program alone is not enough: docker needs its daemon
    case "$1" in
    docker) command -v docker >/dev/null && docker info >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1 ;;
    podman) command -v podman >/dev/null && podman info >/dev/null 2>&1 ;;
    buildah) command -v buildah >/dev/null && buildah info >/dev/null 2>&1 ;;
    *) return 1 ;;
    esac
}

why_not() {
    if ! command -v "$1" >/dev/null; then
        say "  $1: not installed"
    elif [ "$1" = docker ] && ! docker info >/dev/null 2>&1; then
        say "  docker: its daemon does not answer (docker info)"
    elif [ "$1" = docker ]; then
        say "  docker: has no buildx (build secrets need BuildKit)"
    else
        say "  $1: \`$1 info\` fails"
    fi
}

engine=${ENGINE:-}
if [ -z "$engine" ]; then
    for candidate in podman docker buildah; do
        if works "$candidate"; then
            engine=$candidate
            break
        fi
    done
fi
if [ -z "$engine" ] || ! works "$engine"; then
    say "no container engine works here:"
    for candidate in ${ENGINE:-podman docker buildah}; do why_not "$candidate"; done
    say "install one, for example: sudo apt-get install -y podman"
    say "without one, \`make rootfs\` makes the same files in a folder"
    exit 1
fi

version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
created=$(git log -1 --format=%cI 2>/dev/null || date -u +%Y-%m-%dT%H:%M:%SZ)
for image in "${@:-spark features}"; do
    for each in $image; do
        name="${REGISTRY:+$REGISTRY/}tokenlake-$each:$version"
        set -- --file "images/$each/Containerfile" --tag "$name" \
            --label "org.opencontainers.image.version=$version" \
            --label "org.opencontainers.image.revision=$revision" \
            --label "org.opencontainers.image.created=$created"
        for secret in settings ca apt; do
            variable=BUILD_$(printf %s "$secret" | tr '[:lower:]' '[:upper:]')
            eval "file=\${$variable:-}"
            # shellcheck disable=SC2154
            [ -z "$file" ] || set -- "$@" --secret "id=build-$secret,src=$file"
        done
        say "$engine builds $name"
        case "$engine" in
        docker) docker buildx build --load "$@" . ;;
        *) "$engine" build --format oci "$@" . ;;
        esac
    done
done
