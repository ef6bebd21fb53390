"""Which rows of a table belong to a source, and how many tokens they have: read once, when a mixture is planned."""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.feed.errors import FeedError, FeedMisuseError
from training.feed.file_bytes import FileBytes, file_bytes
from training.feed.table import SequenceTable

_CONDITION = re.compile(r"\s*(\w+)\s*(==?|!=|<=|>=|<|>|\bin\b)\s*(.+?)\s*", re.IGNORECASE)
_COMPARE = {
    "=": pc.equal, "==": pc.equal, "!=": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater,
    ">=": pc.greater_equal,
}  # fmt: skip
_VALUE = re.compile(
    r"""(?P<number>-?\d+(\.\d+)?(e[+-]?\d+)?)|'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<truth>true|false)""",
    re.IGNORECASE,
)


def selected(table: SequenceTable, where: str | None) -> tuple[SequenceTable, int]:
    """The rows of a table that fulfil conditions, and their tokens without padding.

    Args:
        table: all rows.
        where: conditions on columns, joined by `and`: `n_tokens >= 256 and language in ('de', 'en')`; None: all rows.

    Raises:
        FeedMisuseError: a condition is not one, names a column that is not there, or no row fulfils all.
        FeedError: a file cannot be read.
    """
    conditions = [_condition(part) for part in _parts(where.strip(), r"\s+and\s+")] if where else []
    data = file_bytes(table.location)
    found = data.each(lambda file: _of_file(table, data, file, conditions), list(range(len(table.sizes))))
    tokens = sum(each for _, each in found)
    if not conditions:
        return table, tokens
    counts = np.array([int(mask.sum()) for mask, _ in found], np.int64)
    if not counts.any():
        raise FeedMisuseError(f"{table}: no row fulfils {where}")
    bitmaps = tuple(None if mask.all() else np.packbits(mask).tobytes() for mask, _ in found)
    return replace(table, counts=counts, selected=bitmaps), tokens


def _of_file(
    table: SequenceTable, data: FileBytes, file: int, conditions: list[tuple[str, str, object]]
) -> tuple[np.ndarray, int]:
    """(rows,) whether each row of a file is selected, and the tokens of those that are."""
    path = table.path(file)
    names = sorted({"n_tokens", *(column for column, _, _ in conditions)})
    try:
        opened = pq.ParquetFile(data.open(path, int(table.sizes[file])))
        absent = [name for name in names if name not in opened.schema_arrow.names]
        if absent:
            has = ", ".join(opened.schema_arrow.names)
            raise FeedMisuseError(f"{table}: has no column {absent[0]} in its files; they have {has}")
        rows = opened.read(columns=names, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise FeedError(f"{path}: cannot be read as a file of {table}: {error}") from error
    mask = np.ones(len(rows), bool)
    for column, operator, value in conditions:
        mask &= _holds(rows[column], operator, value, table)
    return mask, int(rows["n_tokens"].to_numpy()[mask].sum())


def _holds(column: pa.ChunkedArray, operator: str, value: object, table: SequenceTable) -> np.ndarray:
    try:
        if operator == "in":
            assert isinstance(value, list)
            found = pc.is_in(column, pa.array(value))
        else:
            found = _COMPARE[operator](column, pa.scalar(value))
    except (pa.ArrowException, OverflowError) as error:
        raise FeedMisuseError(f"{table}: a column of type {column.type} cannot be compared with {value!r}") from error
    return found.fill_null(False).to_numpy()


def _parts(text: str, separator: str) -> list[str]:
    """What stands between separators, of which those inside quotes are none."""
    parts, start = [], 0
    for found in re.finditer(rf"""'[^']*'|"[^"]*"|(?P<separator>{separator})""", text, re.IGNORECASE):
        if found["separator"]:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _condition(text: str) -> tuple[str, str, object]:
    """(column, operator, value) of `column operator value`."""
    found = _CONDITION.fullmatch(text)
    if not found:
        raise FeedMisuseError(
            f"where: {text!r} is no condition; write for instance n_tokens >= 256, or language = 'de'"
        )
    column, operator, written = found.groups()
    operator = operator.lower()
    if operator == "in":
        if not (written.startswith("(") and written.endswith(")")):
            raise FeedMisuseError(f"where: {text!r}: write the values in parentheses, as in language in ('de', 'en')")
        return column, operator, [_value(each.strip(), text) for each in _parts(written[1:-1], ",")]
    return column, operator, _value(written, text)


def _value(written: str, text: str) -> object:
    found = _VALUE.fullmatch(written)
    if not found:
        raise FeedMisuseError(f"where: {text!r}: {written} is no number, no quoted text, and neither true nor false")
    if found["number"] is not None:
        return int(written) if written.lstrip("-").isdecimal() else float(written)
    if found["truth"] is not None:
        return written.lower() == "true"
    return found["single"] if found["single"] is not None else found["double"]
