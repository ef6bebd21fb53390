"""Columns of Parquet files: found by name, and their values as Python objects, whatever type the writer chose.

`a.b` is the field `b` of the struct `a`, unless there is a column `a.b`.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import TokenlakeError
from pipelines.readers.meta import as_text
from pipelines.readers.record import Reason

# A file's type of text, which the program that wrote it chose -> the same as bytes, which may be no UTF-8.
_TEXTS = {
    pa.string(): pa.large_binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}
_BYTES = (pa.binary(), pa.large_binary(), pa.binary_view())


class ColumnError(TokenlakeError, ValueError):
    """A file's columns are not those that its source needs."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file, or a field of a struct column."""

    name: str  # with dots, of a field
    kind: pa.DataType
    path: tuple[str, ...]  # the column, then the fields down to this one

    @property
    def is_text(self) -> bool:
        """Whether its values are texts, or bytes."""
        return self.kind in _TEXTS or self.kind in _BYTES

    def of(self, batch: pa.RecordBatch) -> pa.Array:
        """Its values in a batch that was read with this column, and possibly others."""
        values = batch.column(self.path[0])
        for field in self.path[1:]:
            values = pc.struct_field(values, [values.type.get_field_index(field)])
        return values


def column(schema: pa.Schema, name: str) -> Column | None:
    """The column of this name, None when there is none.

    Raises:
        ColumnError: there are several.
    """
    path = _path(schema, name)
    if path is None:
        return None
    kind = schema.field(path[0]).type
    for field in path[1:]:
        kind = kind.field(field).type
    return Column(name, _stored(kind), path)


def as_bytes(values: pa.Array) -> list[bytes | None]:
    """Texts as they are stored."""
    values = _decoded(values)
    return values.cast(_TEXTS.get(values.type, values.type)).to_pylist()


def as_texts(values: pa.Array) -> list[str | None]:
    """Any values as `meta` holds them. Bytes of a text that are no UTF-8 are replaced."""
    if _decoded(values).type in _TEXTS:
        return [None if value is None else value.decode("utf-8", "replace") for value in as_bytes(values)]
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_temporal(values.type):
        values = _temporal(values)
    try:
        return [as_text(value) for value in values.to_pylist()]
    except (ValueError, OverflowError, pa.ArrowException):
        return [_value(values, row) for row in range(len(values))]


def _path(holder: pa.Schema | pa.StructType, name: str) -> tuple[str, ...] | None:
    """Names from a schema or struct down to the field of this name."""
    if _field(holder, name) is not None:
        return (name,)
    parent, _, rest = name.partition(".")
    around = _field(holder, parent) if rest else None
    below = _path(around.type, rest) if around is not None and pa.types.is_struct(around.type) else None
    return (parent, *below) if below else None


def _field(holder: pa.Schema | pa.StructType, name: str) -> pa.Field | None:
    found = holder.get_all_field_indices(name)
    if len(found) > 1:
        raise ColumnError(Reason.UNSUPPORTED, f"{len(found)} columns are named {name!r}: rename all but one of them")
    return holder.field(found[0]) if found else None


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type of the values, without dictionary and extension."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _decoded(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.storage if isinstance(values, pa.ExtensionArray) else values


def _temporal(values: pa.Array) -> pa.Array:
    """Dates and times as text (ISO 8601). A time zone that is not known here is shown as UTC."""
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return values.cast(pa.timestamp(values.type.unit, "UTC")).cast(pa.string())


def _value(values: pa.Array, row: int) -> str | None:
    """One value of a column that holds some that Python has no object for, such as dates after the year 9999."""
    try:
        return as_text(values[row].as_py())
    except (ValueError, OverflowError, pa.ArrowException) as error:
        return f"({type(error).__name__}: {error})"
