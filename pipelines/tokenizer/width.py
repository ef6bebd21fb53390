"""How wide a stored id is."""

import numpy as np

UINT16 = np.dtype("<u2")
UINT32 = np.dtype("<u4")


def id_dtype(vocabulary_size: int) -> np.dtype:
    """uint16 while the largest id is under 65,536, else uint32; both little-endian.

    Raises:
        ValueError: the vocabulary passes 2**32 ids.
    """
    if vocabulary_size > 1 << 32:
        raise ValueError(f"a vocabulary of {vocabulary_size} ids does not fit uint32")
    return UINT16 if vocabulary_size <= 1 << 16 else UINT32
