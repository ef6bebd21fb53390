"""A version of a table of sequences as the feed sees it: files, their rows, and the format, all from Delta's log.

No data file is opened here. Rows are numbered from 0 through all files, sorted by path, so a row's number follows from
the version alone. Memory: some hundred bytes a file.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from pipelines.errors import MissingPathError
from pipelines.storage.environment import prepare
from pipelines.storage.errors import StorageError, advice
from pipelines.storage.uri import LakeUri, lake_root
from pipelines.tables import PACKED, SequenceFormat, require_contract
from training.feed.arguments import whole
from training.feed.errors import FeedError, FeedMisuseError

_HARMLESS = frozenset({"timestampNtz", "vacuumProtocolCheck", "v2Checkpoint"})
"""Reader features of Delta that hide no row and rename no column."""


@dataclass(frozen=True, eq=False)
class SequenceTable:
    """Rows of one version of a table `sequences_<name>`, F files.

    `selected` holds, for each file, a bitmap of the rows that belong to the feed (numpy's `packbits`), or None for all
    of them; rows are then numbered through those that belong.
    """

    lake: str
    name: str  # of the table, `sequences_` included
    version: int
    table_id: str  # of the Delta table: copies of a lake have the same
    split: str | None
    format: SequenceFormat
    paths: tuple[str, ...]  # (F,) below the table's folder
    sizes: np.ndarray  # (F,) bytes
    counts: np.ndarray  # (F,) rows that belong to the feed
    selected: tuple[bytes | None, ...] | None = None

    @property
    def location(self) -> str:
        """The table's folder or URI."""
        return f"{self.lake}/{self.name}"

    @property
    def is_local(self) -> bool:
        """Whether its files are mapped into memory, not fetched."""
        return LakeUri.parse(self.lake).is_local

    @property
    def rows(self) -> int:
        """N: rows that belong to the feed."""
        return int(self.first[-1])

    @cached_property
    def first(self) -> np.ndarray:
        """(F + 1,) number of the first row of each file; the last is N."""
        return np.concatenate(([0], np.cumsum(self.counts, dtype=np.int64)))

    def path(self, file: int) -> str:
        """The location of a data file."""
        return f"{self.location}/{self.paths[file]}"

    @property
    def identity(self) -> str:
        """16 hex digits that tell this version and split of this table from all others."""
        said = f"{self.table_id} {self.version} {self.split} {self._selection}"
        return blake2b(said.encode(), digest_size=8).hexdigest()

    @property
    def _selection(self) -> str:
        if self.selected is None:
            return ""
        digest = blake2b(digest_size=8)
        for bitmap, count in zip(self.selected, self.counts.tolist(), strict=True):
            digest.update(b"all %d" % count if bitmap is None else bitmap)
        return digest.hexdigest()

    def __str__(self) -> str:
        return f"{self.location}, version {self.version}"


def open_table(lake: str, name: str, version: int | None = None, split: str | None = "train") -> SequenceTable:
    """Opens a version of `sequences_<name>`.

    Args:
        lake: folder or URI.
        name: of the packing, as in the configuration, or of the table.
        version: of the table; by default the newest.
        split: `train`, `heldout`, or None for both.

    Raises:
        MissingPathError: there is no such table, or no such version.
        StorageError: the store refuses, or does not answer.
        ContractError: the table follows another version of the contract.
        FeedMisuseError: the split is empty.
        FeedError: the table does not describe itself, or its files alone do not give its rows.
    """
    if version is not None:
        version = whole("version", version, 0)
    root, table = lake_root(lake), name if name.startswith(PACKED) else f"{PACKED}{name}"
    opened = _opened(root, table, version)
    properties = opened.metadata().configuration or {}
    require_contract(root, table, properties)
    try:
        described = SequenceFormat.of(properties)
    except (KeyError, ValueError) as error:
        raise FeedError(f"{root}/{table}: table property {error} is missing or wrong; pack the table again") from error
    _require_plain(opened, f"{root}/{table}")
    paths, sizes, counts = _files(opened, split)
    found = SequenceTable(
        root, table, opened.version(), str(opened.metadata().id), split, described, paths, sizes, counts
    )
    if not found.rows:
        there = sorted({each["split"] for each in _actions(opened)["partition"].to_pylist()})
        said = f"it has the splits {', '.join(there)}" if there else "it has no rows"
        raise FeedMisuseError(f"{found}: split {split} is empty; {said}")
    return found


def _opened(root: str, table: str, version: int | None) -> Any:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    prepare()
    try:
        return DeltaTable(f"{root}/{table}", version=version)
    except (DeltaError, OSError, OverflowError) as error:  # the last one: no number of a version
        refused = None if LakeUri.parse(root).is_local else advice(str(error))
        if refused:
            raise StorageError(f"{root}/{table}: {refused}") from None  # what the store said can hold a signature
        said = str(error).splitlines()[0]
        if version is None:
            raise MissingPathError(f"{root}: no table {table}: {said}") from error
        newest = _opened(root, table, None).version()
        raise MissingPathError(
            f"{root}: no table {table} of version {version}, its newest is {newest}: {said}"
        ) from error


def _require_plain(opened: Any, location: str) -> None:
    """Requires that the rows of a table are those of its files.

    Raises:
        FeedError: a Delta feature hides rows or renames columns; the message names it.
    """
    protocol = opened.protocol()
    features = set(protocol.reader_features or ()) - _HARMLESS
    if protocol.min_reader_version == 2:
        features.add("columnMapping")
    if features:
        raise FeedError(
            f"{location}: another program enabled {', '.join(sorted(features))}, under which rows may be hidden or "
            "columns renamed. Purge deletion vectors (REORG TABLE … APPLY (PURGE)), drop the feature (ALTER TABLE … "
            "DROP FEATURE …), or pack the table again"
        )


def _actions(opened: Any) -> pa.Table:
    return pa.RecordBatchReader.from_stream(
        opened.get_add_actions()
    ).read_all()  # pa.table would import pandas, as pa.scalar would


def _files(opened: Any, split: str | None) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """(paths, sizes, rows) of the data files of a split, by path; each (F,).

    Raises:
        FeedError: the log does not count the rows of a file.
    """
    actions = _actions(opened)
    columns = (actions[name].to_pylist() for name in ("path", "size_bytes", "num_records", "partition"))
    files = [
        (unquote(path), size, rows)
        for path, size, rows, partition in zip(*columns, strict=True)
        if split in (None, partition["split"])
    ]
    files.sort()
    for path, _, rows in files:
        if rows is None:
            raise FeedError(
                f"{opened.table_uri}/{path}: the log does not count its rows; another program wrote it. Pack the "
                "table again"
            )
    paths, sizes, counts = zip(*files, strict=True) if files else ((), (), ())
    return tuple(paths), np.array(sizes, np.int64), np.array(counts, np.int64)
