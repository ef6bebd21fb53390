"""text-dedup's MinHash, with datatrove's settings (14 bands of 8, 5-grams) and the faster of its hash functions.

peer.py minhash --input FOLDER --output FOLDER --cores N
"""

import argparse
import shutil
from pathlib import Path

from datasets import load_from_disk
from text_dedup.minhash import main as minhash

from benchmarks.clock import Clock


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["minhash"])
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=1)
    options = parser.parse_args()
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    settings = {
        "path": "json",
        "data_files": options.input / "*.jsonl",
        "split": "train",
        "cache_dir": options.output / "cache",
        "output": options.output / "deduplicated",
        "column": "text",
        "ngram": 5,
        "min_length": 5,
        "num_perm": 112,
        "b": 14,
        "r": 8,
        "hash_func": "xxh3",
        "num_proc": options.cores,
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    clock = Clock("text-dedup", "datasets")
    with clock.measure("minhash") as done:
        minhash.main(words, standalone_mode=False)
    done["deduplicated"] = len(load_from_disk(str(options.output / "deduplicated")))
    clock.say()


if __name__ == "__main__":
    main()
