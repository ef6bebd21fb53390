"""A column of a table, taken apart once for both encodings: numbers, texts, lists, and where they are null."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.definition.value_type import ValueType
from features.materialization.encoding.byte_strings import ByteStrings, Integers, Truths, offsets_of
from pipelines.errors import TokenlakeError

_NUMPY = {
    ValueType.INT32: np.int32,
    ValueType.INT64: np.int64,
    ValueType.DOUBLE: np.float64,
    ValueType.FLOAT: np.float32,
    ValueType.BOOL: np.bool_,
    ValueType.UNIX_TIMESTAMP: np.int64,
}
_MICROSECONDS = 1_000_000


class UnencodableError(TokenlakeError, ValueError):
    """Rows cannot be stored; the message names the column and the first such row."""


@dataclass(frozen=True)
class Column:
    """The values of a feature in N rows, E elements in all: E = N unless it is a list.

    Of a null the element is 0, or empty; of a null list there are no elements.
    """

    value_type: ValueType
    present: Truths | None  # (N,); None if no value is null
    elements: npt.NDArray | ByteStrings  # (E,) numbers, times in seconds; or texts
    counts: Integers | None  # (N,) elements of each row; None if it is no list

    @property
    def bounds(self) -> Integers:
        """Of a list: where the elements of each row begin, and those of the last end, (N + 1,)."""
        assert self.counts is not None
        return offsets_of(self.counts)

    @property
    def is_text(self) -> bool:
        """Whether the elements are byte strings."""
        return not isinstance(self.elements, np.ndarray)


def column_of(name: str, values: pa.Array, value_type: ValueType) -> Column:
    """Takes a column apart.

    Raises:
        UnencodableError: it has another type, or a list holds a null.
    """
    present = None if values.null_count == 0 else values.is_valid().to_numpy(zero_copy_only=False)
    if not value_type.is_list:
        return Column(value_type, present, _elements(name, values, value_type), None)
    if not pa.types.is_list(values.type) and not pa.types.is_large_list(values.type):
        raise UnencodableError(f"column {name}: a list of {value_type.element.name} expected, not {values.type}")
    flat = values.flatten()
    if flat.null_count:
        raise UnencodableError(f"column {name}: a list holds a null, which the online store cannot")
    counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return Column(value_type, present, _elements(name, flat, value_type.element), counts)


def _elements(name: str, values: pa.Array, value_type: ValueType) -> npt.NDArray | ByteStrings:
    try:
        if value_type in (ValueType.STRING, ValueType.BYTES):
            expected = pa.large_string() if value_type is ValueType.STRING else pa.large_binary()
            return pc.fill_null(values.cast(expected).cast(pa.large_binary()), b"")
        if value_type is ValueType.UNIX_TIMESTAMP:
            micros = values.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
            return pc.fill_null(micros, 0).to_numpy(zero_copy_only=False) // _MICROSECONDS
        dtype = _NUMPY[value_type]
        numbers = values.cast(pa.from_numpy_dtype(dtype))
        return pc.fill_null(numbers, dtype(0).item()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UnencodableError(
            f"column {name}: {value_type.name} expected, not {values.type}: {str(error).splitlines()[0]}"
        ) from error
