# Read by each step that downloads: mirrors and settings of the place where the image is built.
#
# They come as build secrets, so that no layer of the image keeps them (docs/how-to/images.md, "Private mirrors"):
#   build-settings  lines `NAME=value` for pip, uv, and DEBIAN_MIRROR, DEBIAN_SECURITY_MIRROR
#   build-apt       settings of apt, such as a proxy
#   build-ca        certificates (PEM) that are trusted besides Debian's
secrets=/run/secrets

if [ -r "$secrets/build-settings" ]; then
    set -a
    # shellcheck disable=SC1091
    . "$secrets/build-settings"
    set +a
fi
if [ -r "$secrets/build-apt" ]; then
    export APT_CONFIG="$secrets/build-apt"
fi
if [ -r "$secrets/build-ca" ]; then
    export SSL_CERT_FILE="$secrets/build-ca" PIP_CERT="$secrets/build-ca" REQUESTS_CA_BUNDLE="$secrets/build-ca"
fi
