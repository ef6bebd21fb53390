"""Brings a table of an older contract to this one, in one commit and without an engine.

An upgrade renames and adds columns and sets table properties; it computes nothing anew. A table follows the new
contract once its commit is made, so an upgrade of many that was interrupted goes on where it stopped.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from lake.commits import UPGRADE, CommitMetadata
from lake.data_files import DataFile
from lake.earlier_inputs import NEEDED, EarlierInputs
from lake.lake import Lake
from lake.ledger import code_version, run_id
from lake.parquet_writer import TableWriter
from lake.row_files import completed
from pipelines.tables import CONTRACT, INPUTS, PACKED, REJECTS, SequenceFormat, Table, contract_of

Conversion = Callable[[pa.Table], pa.Table]
"""Rows of a data file of contract 1 -> the same rows of this contract, but for columns that are null."""

_RENAMED = {
    "clean_documents": {"cluster_id": "split_group_id"},
    "tokens": {"cluster_id": "split_group_id"},
}
"""table -> column of contract 1 -> its name now."""

_CHANGES = {
    "inputs": "one row for each file",
    "documents": "column path added",
    "rejects": "column path added, those of earlier readings removed",
    "clean_documents": "column cluster_id is split_group_id now",
    "tokens": "column cluster_id is split_group_id now",
}
"""What is done to rows; those of other tables stay in their files."""


@dataclass(frozen=True)
class Upgraded:
    """What was done to one table."""

    table: str
    version: int
    contract: int  # before
    changes: str  # of its rows
    rewritten: int  # bytes


def upgraded(lake: Lake, table: Table) -> Upgraded:
    """Commits a table of an older contract as a table of this one."""
    name = table.name
    base, contract = lake.version(name), contract_of(lake.properties(name))
    metadata = _metadata(lake, name, base)
    table = _described(table, metadata)
    lake.remove_unfinished(name, metadata.run_id)
    files = _rewritten(lake, table, base, metadata.run_id) if name in _CHANGES else []
    lake.commit_files(files, table, metadata, "overwrite" if name in _CHANGES else "append", base)
    return Upgraded(name, base + 1, contract, _CHANGES.get(name, ""), sum(file.size for file in files))


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


def _rewritten(lake: Lake, table: Table, base: int, run_id: str) -> list[DataFile]:
    """New data files with the rows of a version."""
    if table.name == INPUTS.name:
        return lake.write(pa.Table.from_pylist(_earlier(lake).rows(), schema=INPUTS.schema), table, run_id)
    convert = _conversion(lake, table.name)
    return [new for file in lake.files(table.name, base) for new in _converted(lake, file, table, convert, run_id)]


def _conversion(lake: Lake, name: str) -> Conversion:
    if name in _RENAMED:
        return lambda rows: rows.rename_columns([_RENAMED[name].get(column, column) for column in rows.column_names])
    earlier = _earlier(lake)

    def placed(rows: pa.Table) -> pa.Table:
        return rows.append_column("path", earlier.paths(rows))

    if name == REJECTS.name:
        return lambda rows: placed(rows.filter(earlier.is_current(rows)))
    return placed


def _earlier(lake: Lake) -> EarlierInputs:
    """What contract 1 noted of input files, also after these tables were upgraded."""
    inputs, rejects = (_version_of_contract_1(lake, table.name) for table in (INPUTS, REJECTS))
    columns = [name for name in lake.schema(INPUTS.name, inputs).names if name in INPUTS.schema.names]
    return EarlierInputs(
        lake.read_here(INPUTS.name, columns, version=inputs),
        lake.read_here(REJECTS.name, NEEDED, version=rejects),
    )


def _version_of_contract_1(lake: Lake, name: str) -> int:
    upgrades = (commit.version for commit in lake.commits(name) if commit.metadata and commit.metadata.mode == UPGRADE)
    return min(upgrades, default=lake.version(name) + 1) - 1


def _converted(lake: Lake, file: DataFile, table: Table, convert: Conversion, run_id: str) -> list[DataFile]:
    """The rows of a data file in a new one; none if it has no rows."""
    writer = TableWriter(lake.root, table, run_id)
    try:
        with lake.storage.open(f"{table.name}/{file.path}") as stream:
            opened = pq.ParquetFile(stream)
            for number in range(opened.num_row_groups):
                writer.write(completed(convert(opened.read_row_group(number)), table.schema))
        return writer.close()
    except BaseException:
        writer.abort()
        raise
