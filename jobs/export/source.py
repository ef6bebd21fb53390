"""What is exported: one version of a table, read in batches of some megabytes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.export.errors import ExportError, UnfitExportError
from lake.data_files import DataFile
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.sequences.reader import faults
from pipelines.tables import PACKED, SequenceFormat, require_contract
from pipelines.tokenizer.load import LoadedTokenizer, parse

SPLIT = "split"
ID_COLUMNS = {"ids": "n_tokens", "source_ids": "n_source", "target_ids": "n_target"}
"""Columns of token ids -> the columns that count them."""

_CHECKED = ("sequence_id", "ids", "n_tokens", "doc_lengths", "doc_ids", "doc_offsets")
_BATCH_BYTES = 8 << 20  # of a batch, uncompressed


@dataclass(frozen=True)
class Source:
    """A version of a table of a lake.

    Args:
        lake: where it lies; needs no engine.
        table: its name.
        version: of the table.
    """

    lake: Lake
    table: str
    version: int

    @staticmethod
    def open(lake: Lake, table: str, version: int | None) -> "Source":
        """A version of a table, by default the newest.

        Raises:
            MissingPathError: there is no such table or version.
            ContractError: the table follows another contract.
        """
        newest = lake.version(table)
        if newest < 0:
            raise MissingPathError(f"{lake.root}: no table {table}; `tokenlake tables {lake.root}` lists the tables")
        if version is not None and not lake.has_version(table, version):
            raise MissingPathError(
                f"{lake.root}: {table} has no version {version} that can be read; its newest is {newest}"
            )
        found = Source(lake, table, newest if version is None else version)
        require_contract(lake.root, table, found.properties)
        return found

    @cached_property
    def properties(self) -> dict[str, str]:
        """The table properties of the version."""
        return self.lake.properties(self.table, self.version)

    @cached_property
    def schema(self) -> pa.Schema:
        """All columns of the version."""
        return self.lake.schema(self.table, self.version)

    @cached_property
    def files(self) -> tuple[DataFile, ...]:
        """The data files of the version, by path."""
        return tuple(self.lake.files(self.table, self.version))

    @property
    def splits(self) -> list[str]:
        """The splits of a table that is partitioned by them; empty for other tables."""
        return sorted({file.partition[SPLIT] for file in self.files if SPLIT in file.partition})

    @cached_property
    def format(self) -> SequenceFormat | None:
        """How the rows of a table of sequences are to be read; None for other tables.

        Raises:
            ExportError: the table does not describe itself.
        """
        if not self.table.startswith(PACKED):
            return None
        try:
            return SequenceFormat.of(self.properties)
        except (KeyError, ValueError) as error:
            raise ExportError(f"{self.place}: table properties: {error}; pack it again") from error

    @property
    def place(self) -> str:
        """The table and its version, for messages."""
        return f"{self.lake.root}/{self.table} version {self.version}"

    @cached_property
    def token_bytes(self) -> int:
        """Bytes of a token id: 2 or 4.

        Raises:
            ExportError: the ids are of another width.
        """
        if self.format is not None:
            return self.format.id_bits // 8
        for name, counts in self.id_columns.items():
            for batch in self.batches([name, counts]):
                for ids, count in zip(batch.column(name), batch.column(counts).to_pylist(), strict=True):
                    if count:
                        width, rest = divmod(ids.as_buffer().size, count)
                        if rest or width not in (2, 4):
                            raise ExportError(f"{self.place}: {name} has not 2 or 4 bytes for each token")
                        return int(width)
        return 2  # no tokens at all

    @cached_property
    def tokenizer_hash(self) -> str | None:
        """Content hash of the tokenizer of the ids; None where a table has none."""
        if self.format is not None:
            return self.format.tokenizer
        if not self.id_columns:
            return None
        hashes: set[str] = set()
        for batch in self.batches(["tokenizer"]):
            hashes.update(batch.column("tokenizer").unique().to_pylist())
        if len(hashes) > 1:
            raise ExportError(f"{self.place}: ids of several tokenizers: {', '.join(sorted(hashes))}")
        return hashes.pop() if hashes else None

    @property
    def checked(self) -> tuple[str, ...]:
        """The columns that rows are checked by, where they are read; empty for a table that is not of sequences."""
        return () if self.format is None else _CHECKED

    @property
    def id_columns(self) -> dict[str, str]:
        """Columns of token ids -> the columns that count them; empty for a table without."""
        names = self.schema.names
        return {name: count for name, count in ID_COLUMNS.items() if name in names and count in names}

    def tokens(self, batch: pa.RecordBatch) -> int | None:
        """Tokens of a batch that has the counting columns; None for a table without."""
        counted = [pc.sum(batch.column(count)).as_py() or 0 for count in self.id_columns.values()]
        return sum(counted) if counted else None

    @cached_property
    def tokenizer(self) -> LoadedTokenizer | None:
        """The lake's tokenizer of the ids; None where the lake does not have it."""
        storage = self.lake.storage
        for name in storage.files_below("tokenizers"):
            found = parse(storage.read_text(f"tokenizers/{name}") or "", storage.path(f"tokenizers/{name}"))
            if found.fingerprint == self.tokenizer_hash:
                return found
        return None

    def of(self, split: str | None) -> list[DataFile]:
        """The data files of a split; of None, all."""
        return [file for file in self.files if split is None or file.partition.get(SPLIT) == split]

    def rows(self, split: str | None = None) -> int | None:
        """Rows of a split, as the log tells; None where another program's file has no statistics."""
        counts = [file.rows for file in self.of(split)]
        return None if any(count < 0 for count in counts) else sum(counts)

    def require_columns(self, columns: Sequence[str]) -> None:
        """Requires that the table has these columns.

        Raises:
            UnfitExportError: it lacks one, or one is named twice.
        """
        if twice := [name for name in columns if columns.count(name) > 1]:
            raise UnfitExportError(f"{self.place}: column {twice[0]} is named twice; name it once")
        if lacking := [name for name in columns if name not in self.schema.names]:
            known = ", ".join(self.schema.names)
            raise UnfitExportError(f"{self.place}: no column {lacking[0]}; its columns are {known}")

    def batches(self, columns: Sequence[str], split: str | None = None) -> Iterator[pa.RecordBatch]:
        """These columns of all rows, or of a split's; every reading of a version has the same order.

        Rows of a table of sequences are checked against its properties where `columns` has what this takes.

        Raises:
            ExportError: a data file is gone, or a row does not fit the properties.
        """
        schema = pa.schema([self.schema.field(name) for name in columns])
        for file in self.of(split):
            yield from self._of_file(file, schema)

    def _of_file(self, file: DataFile, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        try:
            stream = self.lake.storage.open(f"{self.table}/{file.path}")
        except FileNotFoundError as error:
            raise ExportError(
                f"{self.place}: the data file {file.path} is gone; upkeep deletes files of old versions. Export a "
                f"newer one, or pin a version first (`tokenlake pin {self.lake.root} {self.table} N --for export`)"
            ) from error
        with stream:
            parquet = pq.ParquetFile(stream)
            metadata = parquet.metadata
            groups = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
            each = max(1, sum(groups) // max(metadata.num_rows, 1))
            stored = [name for name in schema.names if name in parquet.schema_arrow.names]
            for group in range(metadata.num_row_groups):  # pyarrow would keep the bytes of all that it has passed
                for batch in parquet.iter_batches(max(1, _BATCH_BYTES // each), [group], stored):
                    whole = _completed(batch, schema, file)
                    self._check(whole)
                    yield whole

    def _check(self, batch: pa.RecordBatch) -> None:
        if self.format is None or not set(_CHECKED) <= set(batch.schema.names):
            return
        for fault, wrong in faults(batch, self.format):
            found = batch.column("sequence_id").filter(wrong)
            if len(found):
                raise ExportError(f"{self.place}: row {found[0]}: {fault}")


def _completed(batch: pa.RecordBatch, schema: pa.Schema, file: DataFile) -> pa.RecordBatch:
    """The columns of `schema`: those that the file holds, its partition's, and nulls for those that came later."""

    def column(field: pa.Field) -> pa.Array:
        if field.name in batch.schema.names:
            return batch.column(field.name).cast(field.type)
        value = file.partition.get(field.name)
        return pa.array([value] * len(batch), pa.string()).cast(field.type)

    return pa.RecordBatch.from_arrays([column(field) for field in schema], schema=schema)


def lineage(source: Source) -> dict[str, object]:
    """Where an export comes from, for its manifest and for the metadata of Arrow schemas."""
    described = source.format.properties if source.format is not None else {}
    return {
        "lake": source.lake.root,
        "table": source.table,
        "version": source.version,
        "table_id": source.lake.identity(source.table),
        "tokenizer": source.tokenizer_hash,
        "sequences": {name.removeprefix("tokenlake."): value for name, value in described.items()} or None,
    }


def encoded(fields: object) -> str:
    """As JSON, the same for the same fields."""
    return json.dumps(fields, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
