"""The encoder of stage `tokenize` on texts in memory, on one core, in batches as the engine hands them over.

encode.py --input FOLDER --tokenizer FILE --digests FILE

The digests stand for each document's ids, as `peers/encoders/peer.py` writes them; making them is not timed.
"""

import argparse
import json
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.clock import Clock
from pipelines.tokenizer.encode import Encoder, one_thread
from pipelines.tokenizer.load import parse

BATCH_ROWS = 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--digests", type=Path, required=True)
    options = parser.parse_args()
    one_thread()
    files = sorted(options.input.glob("*.jsonl"))
    texts = [json.loads(line)["text"] for file in files for line in file.open("rb")]
    batches = [pa.array(texts[begin : begin + BATCH_ROWS]) for begin in range(0, len(texts), BATCH_ROWS)]
    tokenizer = parse(options.tokenizer.read_text(), str(options.tokenizer))
    encoder = Encoder(tokenizer)
    encoder.encode(pa.array(["One text loads the kernels."]))
    clock = Clock("numpy", "pyarrow")
    with clock.measure("encode", documents=len(texts)) as done:
        encoded = [encoder.encode(batch) for batch in batches]
    done["tokens"] = int(sum(n_tokens.sum() for _, n_tokens in encoded))
    with options.digests.open("wb") as file:
        for ids, _ in encoded:
            for row in ids:
                wide = np.frombuffer(row.as_buffer(), tokenizer.dtype).astype("<u4")
                file.write(blake2b(wide.tobytes(), digest_size=8).digest())
    clock.say()


if __name__ == "__main__":
    main()
