"""Which columns of a record are kept in `meta`, and how their values become text."""

import json
from typing import Any

from pipelines.readers.config import SourceConfig
from pipelines.readers.record import Split


def fields(config: SourceConfig) -> list[tuple[str, str]]:
    """(name in `meta`, column) of everything the source keeps."""
    named = [("id", config.id_column), ("url", config.url_column)]
    return [(name, column) for name, column in named if column] + [(column, column) for column in config.meta_columns]


def of_partition(split: Split) -> dict[str, str]:
    """What of the kept columns stands beside the file: in its folder's name, or in the log of its Delta table."""
    known = dict(split.file.partition)
    return {name: known[column] for name, column in fields(split.config) if column in known}


def as_text(value: Any) -> str | None:
    """Text as it is, None for null, bytes that are no UTF-8 in hexadecimal, numbers and anything nested as JSON."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float | dict | list | tuple):
        return _scalar(value)
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_scalar)
    except (TypeError, ValueError, RecursionError):
        return str(type(value))


def _scalar(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
