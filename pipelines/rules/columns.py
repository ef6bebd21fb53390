"""Arrow columns from arrays of measures."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def ratio(part: npt.NDArray, whole: npt.NDArray) -> pa.DoubleArray:
    """`part / whole` as Python divides integers; null where the whole is 0."""
    undefined = whole == 0
    return pa.array(part / np.where(undefined, 1, whole), pa.float64(), mask=undefined)


def struct(dtype: pa.StructType, columns: Mapping[str, pa.Array | npt.NDArray]) -> pa.StructArray:
    """A struct column; `columns` must name the fields of `dtype` in order."""
    if list(columns) != [field.name for field in dtype]:
        raise ValueError(f"measures {list(columns)} do not match the fields of {dtype}")
    arrays = [pa.array(column, field.type) for column, field in zip(columns.values(), dtype, strict=True)]
    return pa.StructArray.from_arrays(arrays, fields=list(dtype))
