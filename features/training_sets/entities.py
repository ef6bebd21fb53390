"""Entity rows as Arrow tables: read from a file, and brought to the types that the join compares."""

import pyarrow as pa
import pyarrow.compute as pc

from features.definition.value_type import ValueType
from features.definition.view import EVENT_TIMESTAMP
from features.tables import arrow_type
from features.training_sets.specification import EntityRowsError, Specification, names
from pipelines.tables import TIMESTAMP

_ZONED = r"[T ]\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$"


def checked(schema: pa.Schema, specification: Specification) -> None:
    """Requires that entity rows have every column that the training set needs, of a type that fits.

    Args:
        schema: of entity rows, with the types that `normalised` gives.
        specification: of the training set.

    Raises:
        EntityRowsError: a column is missing, has the wrong type, or a name that cannot be used.
    """
    names(specification, schema.names)
    _require(schema, EVENT_TIMESTAMP, ValueType.UNIX_TIMESTAMP, "the time that features are wanted for")
    for name, dtype in specification.keys.items():
        views = ", ".join(source.view.name for source in specification.sources if name in source.view.join_keys)
        _require(schema, name, dtype, f"a join key of {views}")
    for name, dtype in specification.request.items():
        views = ", ".join(view.name for view in specification.on_demand if name in view.request)
        _require(schema, name, dtype, f"a value of the request that {views} needs")


def _require(schema: pa.Schema, name: str, wanted: ValueType, use: str) -> None:
    if name not in schema.names:
        raise EntityRowsError(f"no column {name}, {use}; there are {', '.join(schema.names)}")
    found = schema.field(name).type
    if not _fits(found, arrow_type(wanted)):
        raise EntityRowsError(
            f"column {name}, {use}, is {found}, not {arrow_type(wanted)}: convert it, for 7 and '7' are different keys"
            if name != EVENT_TIMESTAMP
            else f"column {name} is {found}, not a timestamp: convert it"
        )


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of one type can stand for those of the other; only floating-point numbers may be rounded."""
    if pa.types.is_integer(found) and pa.types.is_integer(wanted):
        return found.bit_width <= wanted.bit_width
    if pa.types.is_floating(wanted):
        return pa.types.is_integer(found) or pa.types.is_floating(found)
    return found == wanted


def normalised(rows: pa.Table, specification: Specification) -> pa.Table:
    """Entity rows with types that a Delta table has, keys and values of the request with those of their features.

    Every timestamp is in microseconds, in UTC: one of another zone is converted, one without a zone is said to be
    UTC. Times that the training set needs may also be text, in ISO 8601.

    Raises:
        EntityRowsError: as `checked`; or a timestamp is missing or no time; or a type has no equal in a Delta table.
    """
    names(specification, rows.column_names)
    wanted = wanted_types(specification)
    for place, field in enumerate(rows.schema):
        if wanted.get(field.name) == TIMESTAMP and _is_text(field.type):
            rows = rows.set_column(place, field.name, moments(field.name, rows[field.name]))
    schema = pa.schema(
        [
            pa.field(field.name, wanted[field.name])
            if pa.types.is_null(field.type) and field.name in wanted
            else pa.field(field.name, _stored(field.name, field.type))
            for field in rows.schema
        ]
    )
    rows = cast(rows, schema)
    checked(rows.schema, specification)
    null = rows[EVENT_TIMESTAMP].null_count
    if null:
        first = pc.index(pc.is_null(rows[EVENT_TIMESTAMP]), True).as_py() + 1
        raise EntityRowsError(f"{null:,} rows have no {EVENT_TIMESTAMP}, the first is row {first:,}")
    return cast(rows, typed(rows.schema, specification))


def typed(schema: pa.Schema, specification: Specification) -> pa.Schema:
    """A schema with the types that the definitions give to keys and values of the request."""
    wanted = wanted_types(specification)
    return pa.schema([field.with_type(wanted.get(field.name, field.type)) for field in schema])


def wanted_types(specification: Specification) -> dict[str, pa.DataType]:
    """Column -> type, of all columns that the training set needs."""
    wanted = {**specification.keys, **specification.request, EVENT_TIMESTAMP: ValueType.UNIX_TIMESTAMP}
    return {name: arrow_type(dtype) for name, dtype in wanted.items()}


def moments(name: str, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times in ISO 8601 as timestamps in UTC; those without a zone are said to be UTC.

    Raises:
        EntityRowsError: a text is no time.
    """
    texts = texts.cast(pa.string())
    zoned = pc.match_substring_regex(texts, _ZONED)
    empty = pa.scalar(None, pa.string())
    try:
        with_zone = pc.if_else(zoned, texts, empty).cast(TIMESTAMP)
        without = pc.if_else(zoned, empty, texts).cast(pa.timestamp("us")).cast(TIMESTAMP)
    except pa.ArrowInvalid as error:
        raise EntityRowsError(f"{name}: {error}; write 2026-11-26T18:00:00+01:00, for instance") from error
    return pc.coalesce(with_zone, without)


def _is_text(dtype: pa.DataType) -> bool:
    return pa.types.is_string(dtype) or pa.types.is_large_string(dtype)


def _stored(name: str, dtype: pa.DataType) -> pa.DataType:
    """The type that a column has in a Delta table, read by the engines."""
    if pa.types.is_dictionary(dtype):
        return _stored(name, dtype.value_type)
    if pa.types.is_timestamp(dtype):
        return TIMESTAMP
    if pa.types.is_null(dtype) or pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype):
        return pa.string()
    if pa.types.is_large_binary(dtype) or pa.types.is_binary_view(dtype) or pa.types.is_fixed_size_binary(dtype):
        return pa.binary()
    if pa.types.is_unsigned_integer(dtype):
        return pa.int32() if dtype.bit_width < 32 else pa.int64()
    if pa.types.is_float16(dtype):
        return pa.float32()
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype):
        return pa.list_(_stored(name, dtype.value_type))
    if pa.types.is_struct(dtype):
        return pa.struct([pa.field(field.name, _stored(name, field.type)) for field in dtype])
    if pa.types.is_map(dtype):
        return pa.map_(_stored(name, dtype.key_type), _stored(name, dtype.item_type))
    if pa.types.is_time(dtype) or pa.types.is_duration(dtype) or pa.types.is_union(dtype):
        raise EntityRowsError(f"column {name} is {dtype}, which a Delta table cannot hold: convert or drop it")
    return dtype


def cast(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows with the types of a schema that has their columns.

    Raises:
        EntityRowsError: a value has no equal in the new type; the message names its column.
    """
    columns = [_converted(column, field) for column, field in zip(rows.columns, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def _converted(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    try:
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            column = pc.floor_temporal(column, unit="microsecond")
        return column.cast(field.type)
    except pa.ArrowInvalid as error:
        raise EntityRowsError(f"column {field.name}: {error}") from error
