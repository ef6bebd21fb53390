"""Delta tables as input: the Parquet files of the current version, which the driver finds in the table's log.

A position is the row's number in its file.
"""

from dataclasses import dataclass

from pipelines.readers.parquet import read

__all__ = ["DeltaFile", "read"]

LOG = "_delta_log"


@dataclass(frozen=True, slots=True)
class DeltaFile:
    """An active data file of a table's version."""

    location: str
    path: str  # below the table's folder
    size: int
    modified: int  # milliseconds since 1970
    partition: tuple[tuple[str, str], ...] = ()  # values of the partition columns, which the file does not hold
    columns: tuple[tuple[str, str], ...] = ()  # logical -> physical names, where the table maps them
    deleted_rows: int = 0  # by a deletion vector
