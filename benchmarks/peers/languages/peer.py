"""ELDC on texts in memory, on one core.

peer.py --input FOLDER
"""

import argparse
import json
from pathlib import Path

import eldc

from benchmarks.clock import Clock


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    options = parser.parse_args()
    lines = [json.loads(line) for file in sorted(options.input.glob("*.jsonl")) for line in file.open("rb")]
    texts = [line["text"] for line in lines]
    eldc.init()
    eldc.detect(texts[0])
    clock = Clock("eldc")
    with clock.measure("identify", documents=len(texts)) as done:
        found = [eldc.detect(text) for text in texts]
    done["right"] = sum(code == line["language"] for code, line in zip(found, lines, strict=True))
    clock.say()


if __name__ == "__main__":
    main()
