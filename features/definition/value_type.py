"""The types of keys and features: those of Feast that this service encodes, with their numbers there.

A type's number is also its field number in Feast's protobuf message `feast.types.Value`, so it determines every byte
that is stored for a value (feast 0.67, protos/feast/types/Value.proto).
"""

from enum import IntEnum


class ValueType(IntEnum):
    """A type, by Feast's number. In Python a value is what `python_type` says; a list's values are lists of these."""

    BYTES = 1
    STRING = 2
    INT32 = 3
    INT64 = 4
    DOUBLE = 5
    FLOAT = 6
    BOOL = 7
    UNIX_TIMESTAMP = 8  # seconds; in Python a datetime in UTC, in a table microseconds, cut to seconds when stored
    BYTES_LIST = 11
    STRING_LIST = 12
    INT32_LIST = 13
    INT64_LIST = 14
    DOUBLE_LIST = 15
    FLOAT_LIST = 16
    BOOL_LIST = 17
    UNIX_TIMESTAMP_LIST = 18

    @property
    def is_list(self) -> bool:
        """Whether values are lists."""
        return self > 10

    @property
    def element(self) -> "ValueType":
        """The type of a list's elements; of any other type, the type itself."""
        return ValueType(self - 10) if self.is_list else self

    @property
    def is_floating(self) -> bool:
        """Whether a value can be NaN."""
        return self.element in (ValueType.DOUBLE, ValueType.FLOAT)


KEY_TYPES = frozenset((ValueType.STRING, ValueType.BYTES, ValueType.INT32, ValueType.INT64, ValueType.UNIX_TIMESTAMP))
"""The types that a join key can have (feast 0.67, infra/key_encoding_utils.py)."""
