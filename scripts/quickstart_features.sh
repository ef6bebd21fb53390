#!/bin/sh
# The feature service on the quickstart's lake: computes features, publishes their definitions, fills the embedded online
# store, checks it, looks values up, then serves them over HTTP and asks the server. `make quickstart-features` runs it.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
lake=lakes/quickstart
port=${PORT:-8815}

tokenlake stage features examples/features.yaml
tokenlake features apply "$lake"
tokenlake features materialize "$lake"
tokenlake features check "$lake" --lag 0
tokenlake features report "$lake"
tokenlake features get "$lake" --service mixture source=python-help

tokenlake features serve "$lake" --port "$port" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
python - "$port" <<'PYTHON'
import json
import sys
import time
import urllib.error
import urllib.request

server = f"http://127.0.0.1:{sys.argv[1]}"
for _ in range(200):
    try:
        urllib.request.urlopen(f"{server}/ready", timeout=1).close()
        break
    except (urllib.error.URLError, OSError):
        time.sleep(0.1)
else:
    sys.exit("the server did not become ready in 20 seconds")
body = {
    "feature_service": "translation_request",
    "entities": {"source_language": ["de"], "target_language": ["en"], "client_id": ["acme"], "source_characters": [120]},
}
request = urllib.request.Request(f"{server}/get-online-features", json.dumps(body).encode())
request.add_header("content-type", "application/json")
answer = json.load(urllib.request.urlopen(request, timeout=5))
print(f"POST {server}/get-online-features")
for name, found in zip(answer["metadata"]["feature_names"], answer["results"]):
    print(f"  {name:32} {found['values'][0]!s:24} {found['statuses'][0]}")
PYTHON
kill -TERM "$server"
wait "$server"
