"""Which columns of a record are kept in `meta`, and how their values become text."""

import json
from typing import Any

from pipelines.readers.config import SourceConfig


def fields(config: SourceConfig) -> list[tuple[str, str]]:
    """(name in `meta`, column) of everything the source keeps."""
    named = [("id", config.id_column), ("url", config.url_column)]
    return [(name, column) for name, column in named if column] + [(column, column) for column in config.meta_columns]


def as_text(value: Any) -> str | None:
    """Text as it is, None for null, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):
        return str(type(value))
