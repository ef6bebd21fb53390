"""JSON Lines: one object on each line (jsonlines.org). Blank lines are framing.

JSON is UTF-8 (RFC 8259); another encoding must be configured or marked by a byte order mark.
"""

import json
from collections.abc import Mapping
from typing import Any

from pipelines.readers.line_reader import Text
from pipelines.readers.meta import as_text, fields
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept, storable
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import EncodingError


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The objects on the lines that start in the split.

    Raises:
        ReadError: the file cannot be opened.
    """
    with open_source(split.file, statistics) as source:
        yield from objects(Text(source, split, only_utf8=True), split, statistics)


def objects(text: Text, split: Split, statistics: ReadStatistics) -> Records:
    """The objects on the lines of a text that start in the split."""
    for line in text.lines():
        if line.position >= text.end:
            return
        if line.problem:
            statistics.rows += 1
            yield line.reject()
        elif line.data.strip():
            statistics.rows += 1
            yield document(line.position, line.data, split, text)


def document(position: int, data: bytes, split: Split, text: Text) -> Document | Reject:
    """The document in one object, or why there is none."""
    sample = data[:256]
    try:
        decoded = text.decode(data)
        record = json.loads(decoded.text)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, f"{error}; JSON is UTF-8 unless `encoding` is set", sample)
    except (ValueError, RecursionError) as error:
        return Reject(position, Reason.MALFORMED_JSON, str(error) or "nested too deeply", sample)
    if not isinstance(record, dict):
        return Reject(position, Reason.MALFORMED_JSON, f"a JSON {_kind(record)}, not an object", sample)
    value = lookup(record, split.config.text_column)
    if not isinstance(value, str):
        found = "null or absent" if value is None else f"a JSON {_kind(value)}"
        detail = f"key {split.config.text_column!r} is {found}; keys here: {', '.join(list(record)[:20])}"
        return Reject(position, Reason.MISSING_TEXT, storable(detail), sample)
    try:
        body = decoded.part(value, split.config.undecodable)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), sample)
    values = {name: as_text(lookup(record, key)) for name, key in fields(split.config)}
    meta = {name: text for name, text in values.items() if text is not None}
    return accept(position, body.text, meta | body.meta(), data)


def lookup(record: Mapping[str, Any], key: str) -> Any:
    """The value of a key; `a.b` is `b` in the object `a`, unless there is a key `a.b`. None when absent."""
    if key in record:
        return record[key]
    parent, _, rest = key.partition(".")
    inner = record.get(parent)
    return lookup(inner, rest) if rest and isinstance(inner, dict) else None


def _kind(value: Any) -> str:
    kinds = {type(None): "null", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
    return kinds.get(type(value), "string")
