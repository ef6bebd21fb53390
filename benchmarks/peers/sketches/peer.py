"""Near duplicates with libraries of MinHash signatures and buckets: JSON lines in, surviving lines out.

    peer.py rensa|fastsketchlsh --input FOLDER --output FOLDER --cores N

5-grams of words by `\\w+` in lower case. rensa: 14 bands of 8; FastSketchLSH: 16 of 8, for it takes powers of two
only. Documents that share a bucket are joined, the first of each component stays, a document without any 5-gram
stays too.
"""

import argparse
import json
import re
import shutil
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from benchmarks.clock import Clock

N_GRAM = 5
BATCH_ROWS = 1000
WORDS = re.compile(r"\w+")


def grams(text: str) -> list[str]:
    words = WORDS.findall(text.lower())
    return [" ".join(words[begin : begin + N_GRAM]) for begin in range(len(words) - N_GRAM + 1)]


def batches(documents: list[dict]) -> Iterable[list[list[str]]]:
    """The grams of all documents, so many at a time that memory stays small."""
    waiting = iter(documents)
    while batch := [grams(document["text"]) for document in islice(waiting, BATCH_ROWS)]:
        yield batch


def rensa(documents: list[dict], cores: int) -> list[list[int]]:
    """For each document those that share a bucket with it, itself included."""
    from rensa import RMinHash, RMinHashLSH

    found = [
        signature
        for batch in batches(documents)
        for signature in RMinHash.from_token_sets(batch, num_perm=112, seed=42)
    ]
    index = RMinHashLSH(threshold=0.7, num_perm=112, num_bands=14)
    index.insert_many(found)
    return index.query_all(found)


def fastsketchlsh(documents: list[dict], cores: int) -> list[list[int]]:
    """For each document those that share a bucket with it, itself included."""
    import numpy as np
    from FastSketchLSH import LSH, FastSimilaritySketch

    sketch = FastSimilaritySketch(size=128, seed=42)
    found = np.concatenate([sketch.batch(batch, num_threads=cores) for batch in batches(documents)])
    index = LSH(num_perm=128, num_bands=16, num_threads=cores)
    index.insert(found)
    return index.query(found)


LIBRARIES = {"rensa": rensa, "fastsketchlsh": fastsketchlsh}


def firsts(neighbours: list[list[int]], comparable: list[bool]) -> list[bool]:
    """Whether a document is the first of its component; union-find with the smallest number as root."""
    root = list(range(len(neighbours)))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for one, others in enumerate(neighbours):
        for other in others:
            if comparable[one] and comparable[other]:
                first, second = find(one), find(other)
                root[max(first, second)] = min(first, second)
    return [find(one) == one for one in range(len(root))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=list(LIBRARIES))
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=1)
    options = parser.parse_args()
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    clock = Clock(options.step)
    with clock.measure(options.step) as done:
        files = sorted(options.input.glob("*.jsonl"))
        documents = [json.loads(line) for file in files for line in file.open("rb")]
        neighbours = LIBRARIES[options.step](documents, options.cores)
        comparable = [
            bool(next(islice(WORDS.finditer(document["text"]), N_GRAM - 1, None), None)) for document in documents
        ]
        stays = firsts(neighbours, comparable)
        with (options.output / "deduplicated.jsonl").open("w", encoding="utf-8") as lines:
            for document, first in zip(documents, stays, strict=True):
                if first:
                    lines.write(json.dumps(document, ensure_ascii=False) + "\n")
        done["deduplicated"] = sum(stays)
    clock.say()


if __name__ == "__main__":
    main()
