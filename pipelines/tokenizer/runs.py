"""Concatenates runs of an array."""

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Integers

Uint32s = npt.NDArray[np.uint32]


@njit(cache=True)
def join_runs(values: Uint32s, begins: Integers, counts: Integers) -> Uint32s:
    """The values `values[begins[i] : begins[i] + counts[i]]` of all runs, one after the other."""
    joined = np.empty(counts.sum(), np.uint32)
    target = 0
    for i in range(len(begins)):
        for place in range(begins[i], begins[i] + counts[i]):
            joined[target] = values[place]
            target += 1
    return joined
