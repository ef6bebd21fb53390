"""Reads packed sequences in plain Python, and turns rows back into the documents they were made of.

Nothing here knows an engine: deltalake reads the log, pyarrow the files, numpy views the ids without a copy. Table
properties say how to read a table (`SequenceFormat`), and each row is checked against them.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as fs
import pyarrow.parquet as pq

from pipelines.errors import MissingPathError, TokenlakeError
from pipelines.storage.environment import prepare
from pipelines.storage.fsspec_files import file_system
from pipelines.storage.uri import canonical, is_local
from pipelines.tables import SequenceFormat, require_contract

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_STORED = ("sequence_id", "position", "ids", "n_tokens", "doc_lengths", "doc_ids", "doc_offsets")  # in the files
_OF_OBJECTIVE = {"masked": ("is_next", "language"), "translation": ("source_language", "target_language")}
_BATCH_BYTES = 8 << 20  # of ids


class SequencesError(TokenlakeError, ValueError):
    """A table of sequences, or rows of it, that cannot be what packing wrote."""


@dataclass(frozen=True)
class Piece:
    """Consecutive tokens of one document: `offset` is the place of the first among the document's tokens.

    The last piece of a document ends with the separator. In a row of the objective masked, `ids` also has the start
    before the first piece and the separator behind each; `offset` counts neither. In a row of the objective
    translation the document is a pair, its pieces are the two sides, and each ends with the separator.
    """

    doc_id: str
    offset: int
    ids: np.ndarray  # (n,)


@dataclass(frozen=True)
class Row:
    """One training row of L tokens with P pieces of documents, in order; behind the last one is padding.

    Rows of the objective translation have as many tokens as their two pieces, source and target.
    """

    sequence_id: str
    split: str
    position: int
    ids: np.ndarray  # (L,) uint16 or uint32, a view of the file's buffer
    doc_lengths: np.ndarray  # (P,) tokens of each piece
    doc_ids: tuple[str, ...]
    doc_offsets: np.ndarray  # (P,)
    is_next: bool | None = None  # of the objective masked: whether the second piece follows the first in its document
    language: str | None = None  # of the objective masked: of the first piece
    source_language: str | None = None  # of the objective translation
    target_language: str | None = None

    def pieces(self) -> list[Piece]:
        """The row's pieces of documents."""
        parts = np.split(self.ids, np.cumsum(self.doc_lengths))[:-1]
        return [Piece(*piece) for piece in zip(self.doc_ids, self.doc_offsets.tolist(), parts, strict=True)]


class Sequences:
    """A version of a table `sequences_<name>`.

    Args:
        lake: the lake's folder, or a URI that deltalake can open.
        name: of the packing, as in the configuration.
        version: of the table; by default the newest. `version` holds it.

    Raises:
        MissingPathError: there is no such table, or no such version.
        ContractError: the table follows another version of the contract.
        SequencesError: the table does not describe itself, or its files alone do not give its rows.
    """

    def __init__(self, lake: str, name: str, version: int | None = None) -> None:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        self.lake, self.table = canonical(lake), f"sequences_{name}"
        prepare()
        try:
            self._opened = DeltaTable(f"{self.lake}/{self.table}", version=version)
        except DeltaError as error:
            wanted = "" if version is None else f" of version {version}"
            raise MissingPathError(f"{self.lake}: no table {self.table}{wanted}: {error}") from error
        self.version = self._opened.version()
        properties = self._opened.metadata().configuration or {}
        require_contract(self.lake, self.table, properties)
        try:
            self.format = SequenceFormat.of(properties)
        except (KeyError, ValueError) as error:
            raise SequencesError(f"{self.lake}/{self.table}: table properties: {error}; pack it again") from error
        if self._opened.protocol().min_reader_version > 1:
            raise SequencesError(
                f"{self.lake}/{self.table}: another program enabled Delta features under which rows may be hidden or "
                "columns renamed; drop them there (ALTER TABLE … DROP FEATURE …)"
            )
        self._storage, self._folder = _located(self.lake)

    def rows(self, split: str | None = None) -> Iterator[Row]:
        """All rows, or those of a split (`train`, `heldout`); each reading of a version has the same order.

        Raises:
            SequencesError: a row does not fit the table's properties.
        """
        for batch in self.batches(split):
            yield from self._rows(batch)

    def batches(self, split: str | None = None) -> Iterator[pa.RecordBatch]:
        """As `rows`, but as Arrow batches: all columns of the table but `run_id`."""
        rows = max(1, _BATCH_BYTES // (self.format.length * self.format.id_bits // 8))
        for path, found in self._files():
            if split in (None, found):
                with self._storage.open_input_file(f"{self._folder}/{self.table}/{path}") as stream:
                    file = pq.ParquetFile(stream)
                    for group in range(file.num_row_groups):  # pyarrow would keep the bytes of all that it has passed
                        for batch in file.iter_batches(rows, [group], list(self._columns)):
                            yield batch.append_column("split", pa.array([found] * len(batch), pa.string()))

    def texts(self, row: Row) -> list[tuple[str, int, str]]:
        """(doc_id, offset, text) of each piece, decoded alone, without start and separator.

        A piece can begin or end inside a character; what is left of it there reads U+FFFD. Whole texts come from
        the ids that `join` puts together.
        """
        return [(piece.doc_id, piece.offset, self.text(self._without_marks(piece.ids))) for piece in row.pieces()]

    def text(self, ids: np.ndarray) -> str:
        """Decodes ids with the tokenizer that made them, which is in the lake."""
        decoded: str = self.tokenizer.decode(ids.tolist(), skip_special_tokens=False)
        return decoded

    def documents(self, split: str | None = None) -> Mapping[str, np.ndarray]:
        """doc_id -> ids without separator, of all documents in a split, in memory.

        Of the objective masked these are the ids of all sentences, from the rows in which they are not random; of the
        objective translation the source, the separator and the target of each pair, once for both directions.

        Raises:
            SequencesError: a piece is missing, or there twice.
        """
        if self.format.objective == "translation":
            of_pair = {row.doc_ids[0]: row for row in self.rows(split)}
            return join((piece for row in of_pair.values() for piece in row.pieces()), self.format.separator_id)
        if self.format.objective != "masked":
            return join((piece for row in self.rows(split) for piece in row.pieces()), self.format.separator_id)
        return join((piece for row in self.rows(split) for piece in self._own(row)), None)

    def _own(self, row: Row) -> list[Piece]:
        """Of a row of the objective masked, the pieces that stand there for their own document, without marks."""
        pieces = row.pieces()[: 2 if row.is_next else 1]
        return [Piece(piece.doc_id, piece.offset, self._without_marks(piece.ids)) for piece in pieces]

    @property
    def _columns(self) -> tuple[str, ...]:
        """Of the files, what is read."""
        return (*_STORED, *_OF_OBJECTIVE.get(self.format.objective, ()))

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """The lake's tokenizer of these ids.

        Raises:
            MissingPathError: the lake does not have it.
        """
        from tokenizers import Tokenizer

        folder = fs.FileSelector(f"{self._folder}/tokenizers", allow_not_found=True)
        for file in self._storage.get_file_info(folder):
            with self._storage.open_input_file(file.path) as stream:
                content = stream.read()
            if hashlib.sha256(content).hexdigest().startswith(self.format.tokenizer):
                return Tokenizer.from_str(content.decode())
        raise MissingPathError(f"{self.lake}/tokenizers: no tokenizer with the hash {self.format.tokenizer}")

    def _files(self) -> list[tuple[str, str]]:
        """(path below the table, split) of each data file, by path."""
        actions = pa.table(self._opened.get_add_actions())
        splits = (partition["split"] for partition in actions["partition"].to_pylist())
        return sorted(zip(map(unquote, actions["path"].to_pylist()), splits, strict=True))

    def _rows(self, batch: pa.RecordBatch) -> Iterator[Row]:
        """The rows of a batch, after checking each against the format."""
        for fault, wrong in faults(batch, self.format):
            found = batch.column("sequence_id").filter(wrong)
            if len(found):
                raise SequencesError(f"{self.lake}/{self.table}, version {self.version}: row {found[0]}: {fault}")
        columns: dict[str, Iterable[Any]] = {
            **{name: batch.column(name).to_pylist() for name in ("sequence_id", "split", "position")},
            "ids": _ids(batch.column("ids"), self.format),
            "doc_lengths": _parts(batch.column("doc_lengths")),
            "doc_ids": map(tuple, batch.column("doc_ids").to_pylist()),
            "doc_offsets": _parts(batch.column("doc_offsets")),
            **{name: batch.column(name).to_pylist() for name in self._columns[len(_STORED) :]},
        }
        return (Row(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True))

    def _without_marks(self, ids: np.ndarray) -> np.ndarray:
        begin = int(self.format.start_id is not None and len(ids) > 0 and ids[0] == self.format.start_id)
        end = len(ids) - int(len(ids) > 0 and ids[-1] == self.format.separator_id)
        return ids[begin:end]


def faults(batch: pa.RecordBatch, described: SequenceFormat) -> Iterator[tuple[str, pa.Array]]:
    """(what can be wrong with a row, for which rows it is) of the rows of a table that `described` describes.

    Args:
        batch: R rows with the columns `ids`, `n_tokens`, `doc_lengths`, `doc_ids`, `doc_offsets`.
        described: the format in the table's properties.

    Yields:
        A sentence, and (R,) booleans.
    """
    n_tokens, lengths = batch.column("n_tokens"), batch.column("doc_lengths")
    pieces = pc.list_value_length(lengths)
    row = np.repeat(np.arange(len(batch)), pieces.to_numpy())  # (P,)
    used = np.bincount(row, lengths.flatten().to_numpy(), len(batch)).astype(np.int64)
    item, stored = described.id_bits // 8, pc.binary_length(batch.column("ids"))
    if described.has_fixed_width:
        size = described.length * item
        yield f"ids is not {size:,} bytes long", pc.not_equal(stored, size)
    else:
        yield f"ids has not {item} bytes for each of n_tokens", pc.not_equal(stored, pc.multiply(n_tokens, item))
    yield "doc_lengths does not add up to n_tokens", pc.not_equal(n_tokens, pa.array(used))
    yield f"n_tokens is over {described.length:,}", pc.greater(n_tokens, described.length)
    for name in ("doc_ids", "doc_offsets"):
        yield (
            f"{name} is not as long as doc_lengths",
            pc.not_equal(pc.list_value_length(batch.column(name)), pieces),
        )


def _parts(lists: pa.ListArray) -> Iterator[np.ndarray]:
    """The values of each list, as views."""
    values = lists.flatten().to_numpy()
    ends = np.cumsum(pc.list_value_length(lists).to_numpy()).tolist()
    return (values[start:stop] for start, stop in itertools.pairwise([0, *ends]))


def _located(lake: str) -> tuple[fs.FileSystem, str]:
    """(file system, folder) of a lake."""
    if is_local(lake):
        return fs.LocalFileSystem(), lake
    files, folder = file_system(lake)
    return fs.PyFileSystem(fs.FSSpecHandler(files)), folder


def join(pieces: Iterable[Piece], separator: int | None) -> dict[str, np.ndarray]:
    """doc_id -> (n,) ids without the separator, of documents all of whose pieces are given, in any order.

    Where `separator` is None, none ends a document, and nothing tells whether its end is missing.

    Raises:
        SequencesError: a part of a document is missing, or there twice.
    """
    by_document: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_document.setdefault(piece.doc_id, []).append(piece)
    return {doc_id: _joined(doc_id, found, separator) for doc_id, found in by_document.items()}


def _joined(doc_id: str, pieces: list[Piece], separator: int | None) -> np.ndarray:
    pieces.sort(key=lambda piece: piece.offset)
    place = 0
    for piece in pieces:
        if piece.offset != place:
            raise SequencesError(
                f"document {doc_id}: a piece begins at token {piece.offset}, the one before ends at {place}"
            )
        place += len(piece.ids)
    ids = np.concatenate([piece.ids for piece in pieces])
    if separator is None:
        return ids
    if ids[-1] != separator:
        raise SequencesError(f"document {doc_id}: its end is missing behind token {place}")
    return ids[:-1]


def _ids(column: pa.BinaryArray, described: SequenceFormat) -> Iterable[np.ndarray]:
    """The ids of S rows, without a copy: (S, L) where all are of one length."""
    _, offsets, data = column.buffers()
    if not described.has_fixed_width:
        item = described.id_bits // 8
        bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1] // item
        ids = np.frombuffer(data or b"", f"<u{item}", bounds[-1] if len(bounds) else 0)
        return (ids[start:stop] for start, stop in itertools.pairwise(bounds.tolist()))
    first = int(np.frombuffer(offsets, np.int32)[column.offset])
    ids = np.frombuffer(data, f"<u{described.id_bits // 8}", len(column) * described.length, first)
    return ids.reshape(len(column), described.length)
