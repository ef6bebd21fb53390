"""Tables of sequences that the tests of the feed make: known ids, several files, real Delta logs."""

from itertools import pairwise

import numpy as np
import pyarrow as pa

from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.lock import exclusive
from pipelines.tables import SequenceFormat, sequences

CAUSAL = SequenceFormat("causal", length=16, id_bits=16, pad_id=0, separator_id=1, tokenizer="feedbeef")


def packed_rows(count, first=0, described=CAUSAL, split="train", seed=0):
    """Rows of documents of random length; the first id of row r is 2 + r % 60000, so a row tells its number."""
    random = np.random.default_rng((seed, first))
    dtype = f"<u{described.id_bits // 8}"
    ids = random.integers(2, min(60_000, 1 << described.id_bits), (count, described.length)).astype(dtype)
    ids[:, 0] = 2 + np.arange(first, first + count) % 60_000
    lengths = [_document_lengths(random, described.length) for _ in range(count)]
    for row, found in enumerate(lengths):
        ids[row, np.cumsum(found) - 1] = described.separator_id
        ids[row, sum(found) :] = described.pad_id
    names = [f"r{number:09d}" for number in range(first, first + count)]
    return pa.table(
        {
            "sequence_id": names,
            "split": [split] * count,
            "position": np.arange(first, first + count),
            "ids": pa.array([row.tobytes() for row in ids], pa.binary()),
            "n_tokens": [sum(found) for found in lengths],
            "doc_lengths": pa.array(lengths, pa.list_(pa.int32())),
            "doc_ids": [
                [f"{name}-{number}" for number in range(len(found))]
                for name, found in zip(names, lengths, strict=True)
            ],
            "doc_offsets": pa.array([[0] * len(found) for found in lengths], pa.list_(pa.int64())),
            "run_id": ["run"] * count,
        }
    )


def _document_lengths(random, length):
    """Lengths of documents that fill a row but for a little padding."""
    ends = np.unique(random.integers(2, length + 1, 3))
    return np.diff(ends, prepend=0).tolist()


def append(root, rows, name="causal", described=CAUSAL, files=1, mode="append", run_id=None):
    """Commits rows to a table of sequences, in some files; returns the version."""
    lake, table = Lake(str(root)), sequences(name, described)
    base = lake.version(table.name)
    run_id = run_id or f"run-{base + 1}"
    bounds = np.linspace(0, rows.num_rows, files + 1).astype(int)
    with exclusive(lake.root):
        written = [
            file
            for start, stop in pairwise(bounds)
            for file in lake.write(rows.slice(start, stop - start), table, run_id)
        ]
        metadata = CommitMetadata(run_id, "pack", mode, "c", "v", {}, 0.0)
        lake.commit_files(written, table, metadata, mode, base)
    return base + 1
