#!/bin/sh
# The feed on the quickstart's lake: trains a small GPT, kills a second training half-way, resumes it on other numbers of
# ranks and workers, and compares both loss curves to the bit. `make quickstart-feed` runs it.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
lake=lakes/quickstart
out=lakes/quickstart-feed
steps=48
rm -rf "$out"

echo "A training of $steps steps, without a stop:"
python -m training.feed_check "$lake" causal --out "$out/whole" --steps "$steps"

echo "The same, killed after step 20:"
mkdir -p "$out/stopped"
losses=$out/stopped/losses.jsonl
python -m training.feed_check "$lake" causal --out "$out/stopped" --steps "$steps" --workers 2 --every 8 &
training=$!
trap 'kill -9 "$training" 2>/dev/null || true' EXIT
waited=0
until [ -f "$losses" ] && [ "$(wc -l <"$losses")" -ge 20 ]; do
    kill -0 "$training"
    [ "$waited" -lt 1500 ] || { echo "no 20 steps in five minutes" >&2; exit 1; }
    waited=$((waited + 1))
    sleep 0.2
done
kill -9 "$training"
wait "$training" 2>/dev/null || true
trap - EXIT
echo "  killed after step $(wc -l <"$losses" | tr -d ' ')"

echo "Resumed:"
python -m training.feed_check "$lake" causal --out "$out/stopped" --steps "$steps" --ranks 2 --workers 1

echo "The loss, in nats a token:"
python -m training.feed_check.curve "$out/whole" "$out/stopped" --svg "$out/losses.svg" \
    --names "1 rank, never stopped" "killed, resumed on 2 ranks"
