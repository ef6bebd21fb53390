"""Megatron-LM's indexed dataset: `PREFIX.bin`, the token ids of all documents, and `PREFIX.idx`, where each lies.

GPTDataset takes each *sequence* of the dataset as one document that ends with the end-of-document token: it shuffles
them, joins them, and cuts samples of its own length. So the pieces of packed rows are joined to whole documents again,
padding is left out, and each document is one sequence of a document of its own. Documents of `tokens` get the
separator that packing would have given them.

Format: Megatron-LM, megatron/core/datasets/indexed_dataset.py, version 1. All numbers are little-endian:
magic `MMIDIDX\\0\\0`, uint64 version, uint8 code of the type of ids, uint64 S sequences, uint64 D + 1, (S,) int32
tokens of each sequence, (S,) int64 its byte in the .bin, (D + 1,) int64 the sequence with which each document begins.
"""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.export.counts import Counts
from jobs.export.destination import Destination
from jobs.export.errors import ExportError, UnfitExportError
from jobs.export.pieces import Places, digests, placed
from jobs.export.source import Source
from jobs.export.token_ids import token_ids
from pipelines.tables import TOKENS

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
CODES = {2: 8, 4: 4}
"""Bytes of an id -> Megatron's code of its type: uint16, or int32, which holds every id below 2**31."""

_WITHOUT = {
    "masked": "Megatron-LM has no dataset of masked rows: it makes such samples itself, of sentences",
    "translation": "Megatron-LM has no dataset of pairs",
}
_PIECES = ("doc_ids", "doc_offsets", "doc_lengths")
_CHUNK = 1 << 20  # numbers of the index that are made at once


@dataclass(frozen=True)
class _Chunk:
    """P pieces of a batch; `ids` is (T,), and piece p lies at `begins[p]` there. The first pass reads no ids."""

    rows: int
    tokens: int  # without separators that were added
    doc_ids: list[str]
    offsets: np.ndarray  # (P,)
    lengths: np.ndarray  # (P,)
    ids: np.ndarray
    begins: np.ndarray  # (P,)


def require_megatron(source: Source) -> None:
    """Requires a table that GPTDataset can be given.

    Raises:
        UnfitExportError: it is another table.
    """
    if source.table == TOKENS.name or (source.format is not None and source.format.objective == "causal"):
        return
    if source.format is not None:
        raise UnfitExportError(
            f"{source.table}: {_WITHOUT[source.format.objective]}. Export these rows with --format mds, parquet or "
            "arrow"
        )
    raise UnfitExportError(f"{source.table}: --format megatron takes `tokens` or a table of causal sequences")


def write_megatron(
    source: Source, to: Destination, split: str | None, prefix: str, advance: Callable[[int], None]
) -> Counts:
    """Writes `prefix`.bin and .idx of a split, or of a whole table.

    Memory: some 40 bytes for each piece of a document.

    Raises:
        ExportError: a document is not whole.
        TokenizerError, UnfitExportError: nothing tells the separator of `tokens`.
    """
    separator = _separator(source)
    places = _places(source, split, separator)
    item = source.token_bytes
    total = int(places.lengths.sum())
    rows = tokens = piece = 0
    with to.created_in_any_order(f"{prefix}.bin", total * item) as descriptor:
        for chunk in _chunks(source, split, separator, with_ids=True):
            for number, (begin, length) in enumerate(zip(chunk.begins.tolist(), chunk.lengths.tolist(), strict=True)):
                ids = chunk.ids[begin : begin + length]
                if places.closing[piece + number] and ids[-1] != separator:
                    raise ExportError(f"{source.place}: document {chunk.doc_ids[number]}: its end is missing")
                _write_at(descriptor, memoryview(ids.tobytes()), int(places.starts[piece + number]) * item)
            piece, rows, tokens = piece + len(chunk.lengths), rows + chunk.rows, tokens + chunk.tokens
            advance(chunk.rows)
    _write_index(to, f"{prefix}.idx", places.lengths, item)
    documents = len(places.lengths)
    sizes = {f"{prefix}.bin": total * item, f"{prefix}.idx": len(MAGIC) + 25 + 12 * documents + 8 * (documents + 1)}
    return Counts(rows, tokens, sizes, {"documents": documents, "tokens_with_separators": total})


def _separator(source: Source) -> int:
    if source.format is not None:
        return source.format.separator_id
    if source.tokenizer is None:
        raise UnfitExportError(
            f"{source.place}: the lake has no tokenizer {source.tokenizer_hash}, which would tell what ends a "
            "document; export a table of sequences"
        )
    return source.tokenizer.separator()


def _places(source: Source, split: str | None, separator: int) -> Places:
    """The first pass: where each piece goes."""
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = [
        (digests([]), np.empty(0, np.int64), np.empty(0, np.int64))
    ]
    for chunk in _chunks(source, split, separator, with_ids=False):
        if not len(chunk.doc_ids) == len(chunk.offsets) == len(chunk.lengths):
            raise ExportError(f"{source.place}: a row whose doc_ids, doc_offsets and doc_lengths differ in number")
        parts.append((digests(chunk.doc_ids), chunk.offsets, chunk.lengths))
    documents, offsets, lengths = (np.concatenate(each) for each in zip(*parts, strict=True))
    del parts
    places = placed(documents, offsets, lengths)
    if places.fault is not None:
        number, message = places.fault
        raise ExportError(f"{source.place}: document {_name(source, split, separator, number)}: {message}")
    return places


def _name(source: Source, split: str | None, separator: int, piece: int) -> str:
    """The document of a piece, which is looked up once more."""
    for chunk in _chunks(source, split, separator, with_ids=False):
        if piece < len(chunk.doc_ids):
            return chunk.doc_ids[piece]
        piece -= len(chunk.doc_ids)
    return "?"


def _chunks(source: Source, split: str | None, separator: int, with_ids: bool) -> Iterator[_Chunk]:
    if source.format is None:
        columns = ["doc_id", "n_tokens", *(["ids"] if with_ids else [])]
        return (_of_tokens(batch, source, separator) for batch in source.batches(columns))
    columns = [*_PIECES, *(["sequence_id", "n_tokens", "ids"] if with_ids else [])]
    return (_of_rows(batch, source) for batch in source.batches(columns, split))


def _of_rows(batch: pa.RecordBatch, source: Source) -> _Chunk:
    """The pieces of packed rows."""
    assert source.format is not None
    doc_ids, offsets, of_rows = (batch.column(name) for name in _PIECES)
    lengths = of_rows.flatten().to_numpy().astype(np.int64)
    counts = pc.list_value_length(of_rows).to_numpy()
    row = np.repeat(np.arange(len(batch)), counts)
    before = np.cumsum(lengths) - lengths  # tokens of all pieces before, padding aside
    first = np.repeat(np.append(before, 0)[np.cumsum(counts) - counts], counts)  # of the row's first piece
    ids = token_ids(batch.column("ids"), source.token_bytes) if "ids" in batch.schema.names else np.empty(0, np.uint16)
    return _Chunk(
        len(batch),
        int(lengths.sum()),
        doc_ids.flatten().to_pylist(),
        offsets.flatten().to_numpy().astype(np.int64),
        lengths,
        ids,
        row * source.format.length + before - first,
    )


def _of_tokens(batch: pa.RecordBatch, source: Source, separator: int) -> _Chunk:
    """Whole documents, each with the separator behind it."""
    counts = batch.column("n_tokens").to_numpy().astype(np.int64)
    ids = np.empty(0, np.uint16)
    if "ids" in batch.schema.names:
        found = token_ids(batch.column("ids"), source.token_bytes)
        if len(found) != counts.sum():
            raise ExportError(f"{source.place}: ids has not {source.token_bytes} bytes for each of n_tokens")
        ids = np.insert(found, np.cumsum(counts), separator)
    lengths = counts + 1
    return _Chunk(
        len(batch),
        int(counts.sum()),
        batch.column("doc_id").to_pylist(),
        np.zeros(len(batch), np.int64),
        lengths,
        ids,
        np.cumsum(lengths) - lengths,
    )


def _write_at(descriptor: int, data: memoryview, place: int) -> None:
    while len(data):
        written = os.pwrite(descriptor, data, place)
        data, place = data[written:], place + written


def _write_index(to: Destination, name: str, lengths: np.ndarray, item: int) -> None:
    """The .idx of D documents of one sequence each; `lengths` is (D,)."""
    documents = len(lengths)
    with to.created(name) as stream:
        stream.write(MAGIC + struct.pack("<QBQQ", VERSION, CODES[item], documents, documents + 1))
        for begin in range(0, documents, _CHUNK):
            stream.write(lengths[begin : begin + _CHUNK].astype("<i4").tobytes())
        place = 0
        for begin in range(0, documents, _CHUNK):
            ends = place + np.cumsum(lengths[begin : begin + _CHUNK]) * item
            stream.write(np.append(place, ends[:-1]).astype("<i8").tobytes())
            place = int(ends[-1])
        for begin in range(0, documents + 1, _CHUNK):
            stream.write(np.arange(begin, min(begin + _CHUNK, documents + 1), dtype="<i8").tobytes())
