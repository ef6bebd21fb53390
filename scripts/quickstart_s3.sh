#!/bin/sh
# The quickstart on an S3 server of this machine: starts it, runs twice, looks at the lake, stops it.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PWD/.tools/bin:$PATH"
export PATH
folder="$PWD/lakes/s3"
mkdir -p "$folder/buckets/tokenlake" "$folder/metadata"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
AWS_ACCESS_KEY_ID=quickstart
AWS_SECRET_ACCESS_KEY=$(python -c 'import secrets; print(secrets.token_hex(16))')
AWS_ENDPOINT_URL="http://127.0.0.1:$port"
AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL AWS_REGION
ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY \
    versitygw --port "127.0.0.1:$port" --health /health --quiet \
    posix --sidecar "$folder/metadata" "$folder/buckets" >"$folder/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
python - "$AWS_ENDPOINT_URL/health" <<'PYTHON'
import sys, time, urllib.request
for attempt in range(100):
    try:
        urllib.request.urlopen(sys.argv[1], timeout=1)
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("the S3 server did not start; see lakes/s3/server.log")
PYTHON
lake=s3://tokenlake/quickstart
set -x
tokenlake run examples/quickstart.yaml --lake "$lake"
tokenlake run examples/quickstart.yaml --lake "$lake" # nothing is new: nothing is committed
tokenlake tables "$lake"
tokenlake check "$lake"
