"""Our language identification on texts in memory, on one core.

languages.py --input FOLDER
"""

import argparse
import json
from pathlib import Path

from benchmarks.clock import Clock
from pipelines.language.identification import identify

BATCH_ROWS = 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    options = parser.parse_args()
    lines = [json.loads(line) for file in sorted(options.input.glob("*.jsonl")) for line in file.open("rb")]
    texts = [line["text"] for line in lines]
    identify(texts[:1])  # loads model and kernels
    clock = Clock("numba", "numpy")
    found: list[str] = []
    with clock.measure("identify", documents=len(texts)) as done:
        for begin in range(0, len(texts), BATCH_ROWS):
            found += identify(texts[begin : begin + BATCH_ROWS])[0]
    done["right"] = sum(code == line["language"] for code, line in zip(found, lines, strict=True))
    clock.say()


if __name__ == "__main__":
    main()
