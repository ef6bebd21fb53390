"""Which versions of a table hold rows of given documents: a narrow column of each data file that is still there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.reading import LakeReader

_COLUMNS = ("doc_id", "doc_ids")  # one document a row, or several: those of packed sequences


@dataclass(frozen=True)
class Held:
    """What a table holds of some documents."""

    table: str
    newest: int  # version
    versions: Mapping[int, int]  # that hold rows of these documents and can be read still -> number of these rows

    @property
    def rows(self) -> int:
        """Rows that leave, or have left: those of the newest version that holds any."""
        return self.versions[max(self.versions)] if self.versions else 0

    @property
    def free_since(self) -> int | None:
        """The first version from which on the table holds none; None while the newest one does."""
        if not self.versions:
            return 0
        return None if self.newest in self.versions else max(self.versions) + 1


@dataclass(frozen=True)
class _Life:
    """The versions that a data file belongs to: from `first` on, before `end`."""

    first: int
    end: int


def column_of(schema: pa.Schema) -> str | None:
    """The column that names a row's documents; None if a table has none."""
    return next((name for name in _COLUMNS if name in schema.names), None)


def held(lake: LakeReader, table: str, doc_ids: pa.Array) -> Held:
    """Which versions of a table hold rows of these documents.

    Args:
        lake: holds the table.
        table: its name; it has a column of documents.
        doc_ids: of the documents.
    """
    newest, column = lake.version(table), column_of(lake.schema(table))
    assert column is not None
    counts: dict[int, int] = {}
    there = set(lake.storage.files_below(table))
    for path, life in _lives(lake, table, newest).items():
        rows = _rows(lake, f"{table}/{path}", column, doc_ids) if path in there else 0
        for version in range(life.first, life.end) if rows else ():
            counts[version] = counts.get(version, 0) + rows
    return Held(table, newest, dict(sorted(counts.items())))


def holding_at(lake: LakeReader, table: str, version: int, doc_ids: pa.Array) -> int:
    """How many rows of a version are of these documents."""
    column = column_of(lake.schema(table, version))
    assert column is not None
    return sum(_rows(lake, f"{table}/{file.path}", column, doc_ids) for file in lake.files(table, version))


def _rows(lake: LakeReader, file: str, column: str, doc_ids: pa.Array) -> int:
    with lake.storage.open(file) as stream:
        opened = pq.ParquetFile(stream)
        if column not in opened.schema_arrow.names:
            return 0
        values = opened.read(columns=[column])[column].combine_chunks()
    if not pa.types.is_list(values.type):
        return pc.sum(pc.is_in(values.cast(pa.string()), value_set=doc_ids)).as_py() or 0
    meant = pc.is_in(values.flatten().cast(pa.string()), value_set=doc_ids)
    return len(pc.unique(pc.list_parent_indices(values).filter(meant)))


def _lives(lake: LakeReader, table: str, newest: int) -> dict[str, _Life]:
    """Data file -> the versions it belongs to, as far back as entries of the log reach."""
    found: dict[str, _Life] = {}
    entries, first = _entries(lake, table, newest)
    if first > 0:
        found = {file.path: _Life(first, newest + 1) for file in lake.files(table, first)}
    for version in range(first if first == 0 else first + 1, newest + 1):
        for action, path in _actions(entries[version]):
            if action == "add":
                found.setdefault(path, _Life(version, newest + 1))
            elif path in found:
                found[path] = _Life(found[path].first, version)
    return found


def _entries(lake: LakeReader, table: str, newest: int) -> tuple[Mapping[int, str], int]:
    """The entries of the log without a gap before the newest version, and the first version from there on."""
    entries: dict[int, str] = {}
    version = newest
    while version >= 0 and (text := lake.storage.read_text(f"{table}/_delta_log/{version:020d}.json")) is not None:
        entries[version] = text
        version -= 1
    first = version + 1
    if first == 0:
        return entries, 0
    # From a checkpoint on: the version before the first entry, or that of the first entry.
    return entries, first - 1 if lake.has_version(table, first - 1) else min(first, newest)


def _actions(entry: str) -> Iterator[tuple[str, str]]:
    """(add | remove, path) of the actions of an entry that concern data files."""
    for line in entry.splitlines():
        action = json.loads(line)
        for kind in ("add", "remove"):
            if kind in action:
                yield kind, unquote(action[kind]["path"])


def tables_of_documents(lake: LakeReader) -> Sequence[str]:
    """Names of the lake's tables that name documents, but for the list of retractions itself."""
    return [name for name in lake.tables() if name != "retractions" and column_of(lake.schema(name)) is not None]
