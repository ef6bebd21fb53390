"""MosaicML Streaming's shards: files `shard.NNNNN.mds` of samples, and `index.json`, which lists them.

A shard is: uint32 N samples, (N + 1,) uint32 the byte at which each begins, the shard's description as JSON, and the
samples. A sample is: uint32 bytes of each column whose values differ in size, then the values, columns by name.
Numbers are little-endian. Format: mosaicml/streaming, streaming/base/format/mds, version 2; no compression.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from jobs.export.counts import Counts
from jobs.export.destination import Destination
from jobs.export.errors import UnfitExportError
from jobs.export.mds_values import Encoding, encoding
from jobs.export.source import ID_COLUMNS, Source
from pipelines.tables import PAIR_TOKENS, TOKENS

SHARD_BYTES = 64 << 20
"""A shard has at most so many bytes, the library's own default, or one sample."""

_OF_ROWS = ("sequence_id", "ids", "n_tokens", "doc_lengths")
_OF_TOKENS = {
    TOKENS.name: ("doc_id", "ids", "n_tokens"),
    PAIR_TOKENS.name: ("pair_id", "source_ids", "target_ids", "source_language", "target_language"),
}
_OF_OBJECTIVE = ("is_next", "language", "source_language", "target_language")


def mds_columns(source: Source, columns: Sequence[str] | None) -> list[str]:
    """The columns of samples: those that are asked for, by default what training needs.

    Raises:
        UnfitExportError: the table has no token ids, or a column cannot be one of a sample.
    """
    if source.format is None and source.table not in _OF_TOKENS:
        raise UnfitExportError(
            f"{source.table}: --format mds takes a table of sequences, {' or '.join(_OF_TOKENS)}; --format "
            "parquet and arrow take any"
        )
    if columns is None and source.format is None:
        columns = _OF_TOKENS[source.table]
    elif columns is None:
        columns = [*_OF_ROWS, *(name for name in _OF_OBJECTIVE if name in source.schema.names)]
    source.require_columns(columns)
    _encodings(source, columns)
    return list(columns)


def write_mds(
    source: Source,
    to: Destination,
    split: str | None,
    folder: str,
    columns: Sequence[str],
    advance: Callable[[int], None],
    shard_bytes: int = SHARD_BYTES,
) -> Counts:
    """Writes the shards of a split, or of a whole table, and their index, into `folder` of the destination.

    Memory: a shard, and a batch of rows.

    Raises:
        UnfitExportError: a value of a row cannot be stored.
    """
    writer = _Writer(to, folder, _encodings(source, columns), shard_bytes)
    read = list(dict.fromkeys((*columns, *source.id_columns.values(), *source.checked)))
    rows = tokens = 0
    for batch in source.batches(read, split):
        writer.write(batch)
        rows, tokens = rows + len(batch), tokens + (source.tokens(batch) or 0)
        advance(len(batch))
    return Counts(rows, tokens, writer.close(), {"shards": len(writer.shards)})


def _encodings(source: Source, columns: Sequence[str]) -> dict[str, Encoding]:
    """Column -> how its values are stored, by name."""
    found = {}
    for name in sorted(columns):
        dtype = source.schema.field(name).type
        if name in ID_COLUMNS:
            fixed = source.format.length if source.format is not None and source.format.has_fixed_width else None
            found[name] = Encoding.of_ids(source.token_bytes, fixed)
            continue
        known = encoding(dtype)
        if known is None:
            raise UnfitExportError(f"{source.table}: --format mds cannot hold the column {name} of type {dtype}")
        found[name] = known
    return found


@dataclass
class _Writer:
    """Collects samples, and writes a shard when the next sample would not fit."""

    to: Destination
    folder: str
    encodings: dict[str, Encoding]
    shard_bytes: int
    shards: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    _samples: list[bytes] = field(default_factory=list)
    _size: int = 0

    @property
    def _described(self) -> dict[str, object]:
        """What a shard and the index say of its samples."""
        return {
            "column_encodings": [each.name for each in self.encodings.values()],
            "column_names": list(self.encodings),
            "column_sizes": [each.size for each in self.encodings.values()],
            "compression": None,
            "format": "mds",
            "hashes": [],
            "size_limit": self.shard_bytes,
            "version": 2,
        }

    def write(self, batch: pa.RecordBatch) -> None:
        for sample in self._encoded(batch):
            if self._samples and self._size + len(sample) + 4 > self.shard_bytes:
                self._flush()
            self._samples.append(sample)
            self._size += len(sample) + 4

    def close(self) -> dict[str, int]:
        """Writes what is left, and the index; the files with their sizes."""
        if self._samples or not self.shards:  # the library opens no index without a shard
            self._flush()
        index = json.dumps({"shards": self.shards, "version": 2}, sort_keys=True).encode()
        self._put("index.json", index)
        return self.files

    def _encoded(self, batch: pa.RecordBatch) -> Iterator[bytes]:
        """The bytes of each row."""
        values = [each.values(batch.column(name), name) for name, each in self.encodings.items()]
        of_their_size = [number for number, each in enumerate(self.encodings.values()) if each.size is None]
        for row in zip(*values, strict=True):
            sizes = np.array([len(row[number]) for number in of_their_size], "<u4").tobytes()
            yield b"".join((sizes, *row))

    def _flush(self) -> None:
        description = json.dumps(self._described, sort_keys=True).encode()
        count = len(self._samples)
        sizes = np.fromiter(map(len, self._samples), np.int64, count)
        begins = 4 + 4 * (count + 1) + len(description) + np.append(0, np.cumsum(sizes))
        name = f"shard.{len(self.shards):05}.mds"
        head = np.array([count, *begins], "<u4").tobytes() + description
        self._put(name, b"".join((head, *self._samples)))
        raw = {"basename": name, "bytes": int(begins[-1]), "hashes": {}}
        self.shards.append({**self._described, "raw_data": raw, "samples": count, "zip_data": None})
        self._samples, self._size = [], 0

    def _put(self, name: str, data: bytes) -> None:
        path = f"{self.folder}/{name}" if self.folder else name
        with self.to.created(path) as stream:
            stream.write(data)
        self.files[path] = len(data)
