"""The Delta table of a view: its keys, its features, event time, time of creation, run."""

import pyarrow as pa

from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, View
from pipelines.tables import TIMESTAMP, Table

_TYPES = {
    ValueType.BYTES: pa.binary(),
    ValueType.STRING: pa.string(),
    ValueType.INT32: pa.int32(),
    ValueType.INT64: pa.int64(),
    ValueType.DOUBLE: pa.float64(),
    ValueType.FLOAT: pa.float32(),
    ValueType.BOOL: pa.bool_(),
    ValueType.UNIX_TIMESTAMP: TIMESTAMP,
}


def arrow_type(value_type: ValueType) -> pa.DataType:
    """The Arrow type of a column of this type."""
    element = _TYPES[value_type.element]
    return pa.list_(element) if value_type.is_list else element


def columns_of(view: View) -> pa.Schema:
    """The keys and features of a view."""
    keys = [pa.field(entity.join_key, arrow_type(entity.value_type)) for entity in view.entities]
    features = [pa.field(feature.name, arrow_type(feature.value_type)) for feature in view.features]
    return pa.schema([*keys, *features])


def table_of(view: View) -> Table:
    """The table `features_<view>`: a history, to which rows are added. Its key is unique together with both times."""
    times = [pa.field(EVENT_TIMESTAMP, TIMESTAMP), pa.field(CREATED, TIMESTAMP)]
    return Table(
        view.table,
        key=(*view.join_keys, EVENT_TIMESTAMP, CREATED),
        schema=pa.schema([*columns_of(view), *times, pa.field("run_id", pa.string())]),
        about=view.about,
    )
