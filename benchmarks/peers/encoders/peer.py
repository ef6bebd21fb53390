"""Tokenizer libraries on texts in memory, on one core, in batches, with the ids as each library hands them out.

    peer.py tokenizers|fastokens|gigatoken|tiktoken --input FOLDER --tokenizer FILE --digests FILE

A text that spells a special token gets the ids of its characters where the library can do that. The digests stand for
each document's ids (little-endian uint32, blake2b of 8 bytes); making them is not timed.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clock import Clock

BATCH_ROWS = 1000
# The pattern of a byte-level pre-tokenizer that splits as GPT-2 does, as tiktoken itself writes it.
GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"

Encode = Callable[[list[str]], Any]
Rows = Callable[[Any], Iterator[np.ndarray]]


def tokenizers(file: Path) -> tuple[Encode, Rows]:
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(file))
    loaded.encode_special_tokens = True
    return (
        lambda texts: loaded.encode_batch_fast(texts, add_special_tokens=False),
        lambda found: (np.array(one.ids, "<u4") for one in found),
    )


def fastokens(file: Path) -> tuple[Encode, Rows]:
    import fastokens

    loaded = fastokens.Tokenizer.from_file(str(file))

    def rows(found: Any) -> Iterator[np.ndarray]:
        ids, offsets = np.frombuffer(found[0], "<u4"), np.frombuffer(found[1], "<u8").astype(int)
        return iter(np.split(ids, offsets[1:-1]))

    return lambda texts: loaded.encode_batch_flat(texts, False, True), rows


def gigatoken(file: Path) -> tuple[Encode, Rows]:
    import gigatoken

    loaded = gigatoken.Tokenizer(str(file))
    return (
        lambda texts: loaded.encode_batch(texts, parallel=False),
        lambda found: (np.asarray(row, "<u4") for row in found),
    )


def tiktoken(file: Path) -> tuple[Encode, Rows]:
    import tiktoken

    model = json.loads(file.read_text())
    special = {token["content"]: token["id"] for token in model["added_tokens"]}
    byte_of = _bytes_of_characters()
    ranks = {
        bytes(byte_of[character] for character in token): number
        for token, number in model["model"]["vocab"].items()
        if token not in special
    }
    loaded = tiktoken.Encoding("bench", pat_str=GPT2, mergeable_ranks=ranks, special_tokens=special)
    return (
        lambda texts: loaded.encode_ordinary_batch(texts, num_threads=1),
        lambda found: (np.array(ids, "<u4") for ids in found),
    )


def _bytes_of_characters() -> dict[str, int]:
    """How byte-level tokenizers write bytes as printable characters."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


ENCODERS = {encoder.__name__: encoder for encoder in (tokenizers, fastokens, gigatoken, tiktoken)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(ENCODERS))
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--digests", type=Path, required=True)
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    files = sorted(options.input.glob("*.jsonl"))
    texts = [json.loads(line)["text"] for file in files for line in file.open("rb")]
    batches = [texts[begin : begin + BATCH_ROWS] for begin in range(0, len(texts), BATCH_ROWS)]
    encode, rows = ENCODERS[options.name](options.tokenizer)
    encode(["One text loads what is loaded late."])
    clock = Clock(options.name)
    with options.digests.open("wb") as file, clock.measure("all"):
        spent = {"seconds": 0.0, "cpu_seconds": 0.0, "tokens": 0}
        for batch in batches:
            with clock.measure("encode") as done:
                found = encode(batch)
            for row in rows(found):
                spent["tokens"] += len(row)
                file.write(blake2b(row.tobytes(), digest_size=8).digest())
            for name in ("seconds", "cpu_seconds"):
                spent[name] += done[name]
    done |= spent | {"documents": len(texts)}
    clock.say()


if __name__ == "__main__":
    main()
