"""Rows that people write, in CSV or YAML, checked one by one against the view that they are for."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import yaml

from features.computation.input_file import InputFile, InputFileError
from features.computation.times import time_of
from features.definition.value_type import ValueType
from features.definition.view import EVENT_TIMESTAMP, Expectation, View
from features.tables import columns_of
from pipelines.tables import TIMESTAMP
from pipelines.yaml_file import content

UPDATED = "updated_at"
"""The optional column with the time since when a row holds; by default the file's time of modification."""

_TRUE, _FALSE = frozenset(("true", "yes", "1")), frozenset(("false", "no", "0"))


@dataclass(frozen=True)
class Record:
    """A row with the place it was read at."""

    where: str  # file:line
    values: Mapping[str, Any]  # keys, features, event_timestamp


def entities(files: list[InputFile], view: View, key_of: Mapping[str, Callable[[str], str]] | None = None) -> pa.Table:
    """The rows of all files as (keys, features, event_timestamp) of a view.

    Args:
        files: in CSV with a header, or as a YAML list, by their names.
        view: names the columns, their types, and what their values must be.
        key_of: key column -> function that makes the key from what is written; two writings can be one key.

    Raises:
        InputFileError: a value is missing, of a wrong type or not as the view expects, a column is unknown, a key
            occurs twice, or a file has no rows. The message names file and line.
    """
    schema = columns_of(view).append(pa.field(EVENT_TIMESTAMP, TIMESTAMP))
    seen: dict[tuple[Any, ...], str] = {}
    rows = []
    for record in (record for file in files for record in records(file, view)):
        written = {name: record.values[name] for name in view.join_keys}
        keys = {name: (key_of or {}).get(name, str)(value) for name, value in written.items()}
        first = seen.setdefault(tuple(keys.values()), record.where)
        if first != record.where:
            named = ", ".join(f"{name} {value}" for name, value in written.items())
            raise InputFileError(f"{record.where}: {named}: {first} has a row for this already; keep one of them")
        rows.append({**record.values, **keys})
    return pa.Table.from_pylist(rows, schema=schema)


def records(file: InputFile, view: View) -> Iterator[Record]:
    """The rows of one file; errors as `entities`."""
    types = dict(zip(view.join_keys, (entity.value_type for entity in view.entities), strict=True))
    expected = {name: Expectation(required=True) for name in types}
    types |= {feature.name: feature.value_type for feature in view.features}
    expected |= {feature.name: feature.expect for feature in view.features}
    types[UPDATED] = ValueType.UNIX_TIMESTAMP
    rows = _yaml_rows(file) if file.path.endswith((".yaml", ".yml")) else _csv_rows(file)
    line = 0
    for line, row in rows:
        where = f"{file.path}:{line}"
        unknown = [str(name) for name in row if name not in types]
        if unknown:
            raise InputFileError(f"{where}: there is no column {unknown[0]}; there are {', '.join(types)}")
        values = {name: _value(where, name, row.get(name), kind) for name, kind in types.items()}
        for name, expectation in expected.items():
            _require(where, name, values[name], expectation)
        since = values.pop(UPDATED) or file.modified
        yield Record(where, {**values, EVENT_TIMESTAMP: since})
    if not line:
        raise InputFileError(f"{file.path}: the file has no rows")


def _csv_rows(file: InputFile) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputFileError(f"{file.path}:{line}: not in UTF-8: save the file as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        repeated = sorted({name for name in header if header.count(name) > 1})
        if repeated:
            raise InputFileError(f"{file.path}:1: the column {repeated[0]} stands twice")
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num  # a row may span lines: named by its first
            if not cells:
                continue
            if len(cells) != len(header):
                raise InputFileError(f"{file.path}:{line}: {len(cells)} cells under {len(header)} columns")
            yield line, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise InputFileError(f"{file.path}:{reader.line_num}: not valid CSV: {error}") from error


def _yaml_rows(file: InputFile) -> Iterator[tuple[int, dict[str, Any]]]:
    found, root = content(file.read(), file.path)
    if not isinstance(found, list) or not isinstance(root, yaml.SequenceNode):
        raise InputFileError(f"{file.path}:1: not a list of rows: begin each with `- `")
    for row, node in zip(found, root.value, strict=True):
        line = node.start_mark.line + 1
        if not isinstance(row, dict):
            raise InputFileError(f"{file.path}:{line}: not a row of `name: value`")
        yield line, row


def _value(where: str, name: str, written: Any, kind: ValueType) -> Any:
    """A cell as a value of a type; None where it is empty."""
    if isinstance(written, str):
        written = written.strip()
    if written is None or written == "":
        return [] if kind.is_list else None
    try:
        return _PARSED[kind](written)
    except (KeyError, ValueError, TypeError, OverflowError):
        raise InputFileError(f"{where}: {name}: {written!r} is not {_NAMED[kind]}") from None


def _string(written: Any) -> str:
    if isinstance(written, str | int | float) and not isinstance(written, bool):
        return str(written)
    raise ValueError


def _strings(written: Any) -> list[str]:
    parts = written if isinstance(written, list) else str(written).split("|")
    return [text for part in parts if (text := _string(part).strip())]


def _integer(bits: int) -> Callable[[Any], int]:
    def parsed(written: Any) -> int:
        number = int(written)
        if isinstance(written, bool) or number != float(written) or number.bit_length() >= bits:
            raise ValueError
        return number

    return parsed


def _truth(written: Any) -> bool:
    text = str(written).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError
    return text in _TRUE


_PARSED: Mapping[ValueType, Callable[[Any], Any]] = {
    ValueType.STRING: _string,
    ValueType.STRING_LIST: _strings,
    ValueType.INT32: _integer(32),
    ValueType.INT64: _integer(64),
    ValueType.DOUBLE: float,
    ValueType.FLOAT: float,
    ValueType.BOOL: _truth,
    ValueType.UNIX_TIMESTAMP: time_of,
}
_NAMED: Mapping[ValueType, str] = {
    ValueType.STRING: "a text",
    ValueType.STRING_LIST: "a list of texts (in CSV with | between them)",
    ValueType.INT32: "a whole number of 32 bits",
    ValueType.INT64: "a whole number of 64 bits",
    ValueType.DOUBLE: "a number",
    ValueType.FLOAT: "a number",
    ValueType.BOOL: "true or false",
    ValueType.UNIX_TIMESTAMP: "a time in ISO 8601",
}


def _require(where: str, name: str, value: Any, expectation: Expectation) -> None:
    if value is None:
        if expectation.required:
            raise InputFileError(f"{where}: {name} is missing")
        return
    if expectation.allowed is not None and value not in expectation.allowed:
        raise InputFileError(f"{where}: {name}: {value!r} is none of {', '.join(expectation.allowed)}")
    if expectation.minimum is not None and value < expectation.minimum:
        raise InputFileError(f"{where}: {name}: {value} is below {expectation.minimum:g}")
    if expectation.maximum is not None and value > expectation.maximum:
        raise InputFileError(f"{where}: {name}: {value} is above {expectation.maximum:g}")
