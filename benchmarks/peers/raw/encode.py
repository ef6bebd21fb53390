"""tokenizers' `encode_batch_fast` with nothing around it: one process with one thread on each core, text in memory.

    encode.py --input FOLDER --cores N --tokenizer FILE

Neither reading the text nor starting the processes is counted, nor are the ids written anywhere.
"""

import argparse
import json
import os
import time
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

from tokenizers import Tokenizer

from benchmarks.clock import Clock

BATCH_ROWS = 1000

_ready: Barrier
_tokenizer: Tokenizer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    files = sorted(options.input.glob("*.jsonl"))
    context = get_context("spawn")
    ready = context.Barrier(options.cores)
    clock = Clock("tokenizers")
    with context.Pool(options.cores, _prepare, (ready, str(options.tokenizer))) as pool:
        results = pool.map(_encode, [files[n :: options.cores] for n in range(options.cores)], chunksize=1)
    begins, ends, tokens, documents = zip(*results, strict=True)
    with clock.measure("encode") as done:
        pass
    done |= {"seconds": max(ends) - min(begins), "tokens": sum(tokens), "documents": sum(documents)}
    clock.say()


def _prepare(ready: Barrier, tokenizer: str) -> None:
    global _ready, _tokenizer
    _ready, _tokenizer = ready, Tokenizer.from_file(tokenizer)
    _tokenizer.encode_special_tokens = True


def _encode(files: list[Path]) -> tuple[float, float, int, int]:
    texts = [json.loads(line)["text"] for file in files for line in file.open(encoding="utf-8")]
    _ready.wait()  # the machine's one monotonic clock serves all processes
    begin = time.monotonic()
    tokens = 0
    for first in range(0, len(texts), BATCH_ROWS):
        batch = texts[first : first + BATCH_ROWS]
        tokens += sum(len(found.ids) for found in _tokenizer.encode_batch_fast(batch, add_special_tokens=False))
    return begin, time.monotonic(), tokens, len(texts)


if __name__ == "__main__":
    main()
