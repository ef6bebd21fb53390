"""Each table by itself: it follows the contract, its files are there, its key is unique."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyspark.sql import functions as F

from jobs.checks.finding import Finding, none_of
from lake.lake import Lake
from pipelines.tables import CONTRACT_PROPERTY, Table


def described(lake: Lake, table: Table) -> Iterator[Finding]:
    """The table's columns, its property and its data files; opens no data file."""
    properties, files = lake.properties(table.name), lake.files(table.name)
    stored = lake.schema(table.name)
    early = [name for name in table.later if name not in stored.names]
    wrong = _wrong_columns(stored, pa.schema([field for field in table.schema if field.name not in early]))
    contract = f"contract {properties.get(CONTRACT_PROPERTY, 1)}, {len(table.schema)} columns"
    yield Finding(f"{table.name}: columns of the contract", not wrong, "; ".join(wrong) or contract)
    there = set(lake.storage.files_below(table.name))
    lost = [file.path for file in files if file.path not in there]
    yield Finding(
        f"{table.name}: every data file is there",
        not lost,
        f"{len(lost):,} of {len(files):,} are not, such as {lost[0]}" if lost else f"{len(files):,}",
    )


def _wrong_columns(stored: pa.Schema, wanted: pa.Schema) -> Sequence[str]:
    """What the contract asks for and the table lacks; more columns than these are allowed."""
    found = {field.name: field.type for field in stored}
    return [
        f"{field.name} is {found[field.name]}, not {field.type}" if field.name in found else f"no {field.name}"
        for field in wanted
        if found.get(field.name) != field.type
    ]


def keyed(lake: Lake, table: Table) -> Finding:
    """No two rows have the same key, and no part of a key is null."""
    by_key = lake.read(table.name).groupBy(*table.key).count()
    null = " OR ".join(f"{column} IS NULL" for column in table.key)
    several = by_key.where(f"count > 1 OR {null}")
    example = F.min(F.concat_ws(", ", *(F.coalesce(F.col(name).cast("string"), F.lit("null")) for name in table.key)))
    row = several.agg(F.count("*").alias("keys"), example.alias("example")).head()
    assert row is not None
    return none_of(
        f"{table.name}: keys ({', '.join(table.key)}) that are null or not unique", row["keys"], row["example"]
    )
