"""The rows that all feeds read: a table of a lake, and the same rows in the formats of the others.

Ids are drawn at random, for no feed looks at them. Documents are short enough that most rows hold several.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.environments import peer
from jobs.export.export import Request, export
from jobs.export.source import Source
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.parquet_writer import TableWriter
from pipelines.tables import SequenceFormat, sequences

NAME = "bench"
VOCABULARY = 32_768
_DOCUMENT = 700  # tokens of one, on average
SEPARATOR = 1
_AT_ONCE = 1 << 20  # tokens of rows that are made together


@dataclass(frozen=True)
class Data:
    """Where the rows lie: S rows of L ids in each form."""

    lake: Path
    flat: Path  # (S, L) uint16, one row behind the other
    mds: Path
    litdata: Path
    rows: int
    length: int

    @property
    def tokens(self) -> int:
        """Of all rows."""
        return self.rows * self.length


def make(folder: Path, cache: Path, rows: int, length: int) -> Data:
    """Makes what is missing below `folder`; `cache` holds the peers' environments."""
    data = Data(folder / "lake", folder / "rows.bin", folder / "mds", folder / "litdata", rows, length)
    done, wanted = folder / "made.json", json.dumps({"rows": rows, "length": length})
    if done.exists() and done.read_text() == wanted:
        return data
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_lake(data)
    write_copies(data)
    peer("feeds", "litdata_convert.py", cache, 2, data.flat, data.litdata, length)
    done.write_text(wanted)
    return data


def write_copies(data: Data) -> None:
    """The same rows in a file of ids, and in MDS shards."""
    source = Source.open(Lake(str(data.lake)), f"sequences_{NAME}", None)
    with data.flat.open("wb") as flat:
        for batch in source.batches(["ids"], "train"):
            flat.write(b"".join(batch.column("ids").to_pylist()))
    export(source, Request("mds", str(data.mds)))


def write_lake(data: Data) -> None:
    """The table of a lake."""
    described = SequenceFormat("causal", data.length, 16, 0, SEPARATOR, "0" * 16)
    table = sequences(NAME, described)
    draw, at_once = np.random.default_rng(5), max(1, _AT_ONCE // data.length)
    writer = TableWriter(str(data.lake), table, "bench")
    for first in range(0, data.rows, at_once):
        writer.write(_rows(draw, first, min(at_once, data.rows - first), data.length))
    note = CommitMetadata("bench", "pack", "rebuild", "c", "v", {}, 0.0)
    Lake(str(data.lake)).commit_files(writer.close(), table, note, "overwrite", -1)


def _rows(draw: np.random.Generator, first: int, count: int, length: int) -> pa.RecordBatch:
    """Rows of the table, all of them full."""
    ids = draw.integers(2, VOCABULARY, (count, length), np.uint16)
    pieces = 1 + draw.poisson(length / _DOCUMENT, count)
    lengths = [_cut(draw, length, each) for each in pieces.tolist()]
    for row, each in zip(ids, lengths, strict=True):
        row[np.cumsum(each) - 1] = SEPARATOR
    names = [[f"{first + row:016x}{piece:016x}" for piece in range(len(each))] for row, each in enumerate(lengths)]
    sizes = pa.array(np.arange(count + 1, dtype=np.int32) * length * 2)
    return pa.RecordBatch.from_pydict(
        {
            "sequence_id": [f"{first + row:032x}" for row in range(count)],
            "split": ["train"] * count,
            "position": np.arange(first, first + count),
            "ids": pa.Array.from_buffers(pa.binary(), count, [None, sizes.buffers()[1], pa.py_buffer(ids.tobytes())]),
            "n_tokens": np.full(count, length),
            "doc_lengths": pa.array(lengths, pa.list_(pa.int32())),
            "doc_ids": names,
            "doc_offsets": pa.array([[0] * len(each) for each in lengths], pa.list_(pa.int64())),
            "run_id": ["bench"] * count,
        }
    )


def _cut(draw: np.random.Generator, length: int, pieces: int) -> list[int]:
    """Lengths of documents that fill a row."""
    ends = np.unique(np.append(draw.integers(1, length, pieces - 1), length))
    return np.diff(ends, prepend=0).tolist()
