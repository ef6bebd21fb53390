"""The integer type of stored ids."""

import numpy as np

UINT16 = np.dtype("<u2")
UINT32 = np.dtype("<u4")


def id_dtype(vocabulary_size: int) -> np.dtype:
    """uint16 if every id is below 65,536, else uint32; both little-endian.

    Raises:
        ValueError: the vocabulary has more than 2**32 ids.
    """
    if vocabulary_size > 1 << 32:
        raise ValueError(f"a vocabulary of {vocabulary_size} ids does not fit uint32")
    return UINT16 if vocabulary_size <= 1 << 16 else UINT32
