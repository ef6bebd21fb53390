"""What describes a table, and how its columns are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from pipelines.tables.contract import OF_THIS_CONTRACT

TEXT_MAP = pa.map_(pa.string(), pa.string())
TIMESTAMP = pa.timestamp("us", tz="UTC")

STATISTICS = frozenset(
    (
        "doc_id",
        "source",
        "path",
        "language",
        "position",
        "batch",
        "cluster_id",
        "sequence_id",
        "pair_id",
        "n_tokens",
        "run_id",
        "stage",
        "event_timestamp",
        "created",
    )
)
"""Columns whose smallest and largest value stand in Delta's log for each file, and in the row groups; long texts do
not."""

WITHOUT_DICTIONARY = frozenset(
    (
        "ids",
        "text",
        "c4_text",
        "doc_id",
        "sequence_id",
        "text_hash",
        "bands",
        "sample",
        "pair_id",
        "source_text",
        "target_text",
        "source_hash",
        "target_hash",
    )
)
"""Columns whose values hardly ever repeat: a dictionary would be built and given up. A reader gets `ids`, written
plain, as one buffer for each row group."""


@dataclass(frozen=True)
class Table:
    """One Delta table of a lake.

    `compression` is chosen for the table's readers, and so are `row_group_bytes`, at which buffered rows become a row
    group, and `one_page`, whether a column's values in a row group are one page. `later` names columns that came
    without another contract: tables that an earlier version of this program wrote lack them, and `LakeReader.read`
    gives nulls.
    """

    name: str
    key: tuple[str, ...]
    schema: pa.Schema
    partition_by: tuple[str, ...] = ()
    compression: str = "zstd"
    later: tuple[str, ...] = ()
    about: str = ""
    row_group_bytes: int = 32 << 20
    one_page: bool = False
    properties: Mapping[str, str] = field(default_factory=lambda: OF_THIS_CONTRACT, hash=False)


def columns(**types: pa.DataType) -> pa.Schema:
    """The schema of columns by name."""
    return pa.schema([pa.field(name, dtype) for name, dtype in types.items()])


def struct(**types: pa.DataType) -> pa.StructType:
    """A struct of fields by name."""
    return pa.struct(list(types.items()))
