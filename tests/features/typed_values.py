"""Values of every type, for tests of properties."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from features.definition.value_type import ValueType

_MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
ELEMENTS: dict[ValueType, st.SearchStrategy[Any]] = {
    ValueType.BYTES: st.binary(),
    ValueType.STRING: st.text(),
    ValueType.INT32: st.integers(-(1 << 31), (1 << 31) - 1),
    ValueType.INT64: st.integers(-(1 << 63), (1 << 63) - 1),
    ValueType.DOUBLE: st.floats(allow_nan=False),
    ValueType.FLOAT: st.floats(allow_nan=False, width=32),
    ValueType.BOOL: st.booleans(),
    ValueType.UNIX_TIMESTAMP: _MOMENTS,
}


def values(value_type: ValueType) -> st.SearchStrategy[Any]:
    """Values of a type; none of them null."""
    element = ELEMENTS[value_type.element]
    return st.lists(element, max_size=5) if value_type.is_list else element
