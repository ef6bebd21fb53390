"""Brings a table of an older contract to this one, in one commit and without an engine.

An upgrade renames and adds columns and sets table properties; it computes no text anew. A table follows the new
contract once its commit is made, so an upgrade of many that was interrupted goes on where it stopped.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from lake.commits import UPGRADE, CommitMetadata
from lake.data_files import DataFile
from lake.lake import Lake
from lake.ledger import code_version, run_id
from lake.parquet_writer import TableWriter
from lake.upgraded_inputs import one_row_a_file, paths, with_paths
from pipelines.tables import CONTRACT, DOCUMENTS, INPUTS, PACKED, REJECTS, SequenceFormat, Table, contract_of

_RENAMED = {
    "clean_documents": {"cluster_id": "split_group_id"},
    "tokens": {"cluster_id": "split_group_id"},
}
"""table -> column of contract 1 -> its name now."""

_WITH_PATHS = (DOCUMENTS.name, REJECTS.name)


@dataclass(frozen=True)
class Upgraded:
    """What was done to one table."""

    table: str
    version: int
    contract: int  # before
    renamed: Mapping[str, str]  # column -> its name now
    rewritten: int  # bytes


def upgraded(lake: Lake, table: Table) -> Upgraded:
    """Commits a table of an older contract as a table of this one."""
    name = table.name
    base, contract = lake.version(name), contract_of(lake.properties(name))
    metadata = _metadata(lake, name, base)
    table = _described(table, metadata)
    stored = lake.schema(name, base).names
    renamed = {old: new for old, new in _RENAMED.get(name, {}).items() if old in stored}
    lake.remove_unfinished(name, metadata.run_id)
    added = name in _WITH_PATHS or name == INPUTS.name
    files = _files(lake, table, base, renamed, metadata.run_id) if renamed or added else []
    lake.commit_files(files, table, metadata, "overwrite" if renamed or added else "append", base)
    return Upgraded(name, base + 1, contract, renamed, sum(file.size for file in files))


def _metadata(lake: Lake, name: str, base: int) -> CommitMetadata:
    """The metadata of the last commit, for the rows stay what they were, with all inputs that are noted now."""
    last = lake.last_own_commit(name)
    found = last.metadata if last else None
    if found is None:
        found = CommitMetadata("", UPGRADE, UPGRADE, "", "", {}, 0)
    return replace(
        found,
        run_id=run_id(UPGRADE, name, base, CONTRACT),
        stage=UPGRADE,
        mode=UPGRADE,
        code_version=code_version(),
        inputs={**_side_inputs(lake, found.inputs), **found.inputs},
        started_at=time.time(),
        rows_in=0,
        rows_out=0,
        rows_removed=0,
    )


def _side_inputs(lake: Lake, inputs: Mapping[str, int]) -> dict[str, int]:
    """The inputs of inputs, at the versions from which those were made.

    Contract 1 did not note `measures` and `decisions` where a step only looked rows up in them.
    """
    found: dict[str, int] = {}
    for name, version in inputs.items():
        commits = (commit for commit in lake.commits(name) if commit.version <= version)
        made = next((commit.metadata for commit in commits if commit.metadata), None)
        if name in ("signatures", "decisions") and made:
            found |= {**_side_inputs(lake, made.inputs), **made.inputs}
    return found


def _described(table: Table, metadata: CommitMetadata) -> Table:
    """The table with its properties; those of sequences stood in the commits of contract 1."""
    if not table.name.startswith(PACKED):
        return table
    detail = metadata.detail
    found = SequenceFormat(
        objective="causal",
        length=int(detail["length"]),
        id_bits=8 * int(detail["item_size"]),
        pad_id=int(detail["pad"]),
        separator_id=int(detail["separator"]),
        tokenizer=detail["tokenizer"],
    )
    return replace(table, properties={**table.properties, **found.properties})


def _files(lake: Lake, table: Table, base: int, renamed: Mapping[str, str], run_id: str) -> list[DataFile]:
    """The rows of a table as those of this contract, in new files."""
    if table.name == INPUTS.name:
        rows = lake.read_here(table.name, lake.schema(table.name, base).names)
        return lake.write(one_row_a_file(rows), table, run_id)
    known = paths(lake) if table.name in _WITH_PATHS else {}

    def changed(rows: pa.Table) -> pa.Table:
        rows = rows.rename_columns([renamed.get(column, column) for column in rows.column_names])
        return with_paths(rows, known) if table.name in _WITH_PATHS else rows

    return [new for file in lake.files(table.name, base) for new in _rewritten(lake, file, table, changed, run_id)]


def _rewritten(
    lake: Lake, file: DataFile, table: Table, changed: Callable[[pa.Table], pa.Table], run_id: str
) -> list[DataFile]:
    """The changed rows of a file, in a new file; none if it has no rows."""
    writer = TableWriter(lake.root, table, run_id)
    try:
        with lake.storage.open(f"{table.name}/{file.path}") as stream:
            opened = pq.ParquetFile(stream)
            for number in range(opened.num_row_groups):
                writer.write(_completed(changed(opened.read_row_group(number)), table.schema))
        return writer.close()
    except BaseException:
        writer.abort()
        raise


def _completed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Adds the columns that these rows lack, as nulls."""
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows
