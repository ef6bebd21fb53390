"""Integers of Python have no largest one; those of features do."""

from typing import Any

from features.definition.value_type import ValueType

_LIMITS = {ValueType.INT32: 1 << 31, ValueType.INT64: 1 << 63}


def is_too_large(value: Any, value_type: ValueType) -> bool:
    """Whether a value is an integer that its type, or that of its list's items, cannot hold."""
    limit = _LIMITS.get(value_type)
    return limit is not None and isinstance(value, int) and not -limit <= value < limit
