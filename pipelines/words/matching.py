"""Kernels that run the automata of `pipelines.words.automata` over the classes of a text's characters.

`classes` is (N,) and ends with the class of the edge; a search sees nothing outside `begin:end`.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.words.automata import ENDS_HERE, NO_MATCH, Automata

Classes: TypeAlias = npt.NDArray[np.uint16]


@njit(cache=True, _nrt=False)
def search(
    automata: Automata, which: int, classes: Classes, begin: int, end: int, first: int, filled: bool
) -> tuple[int, int]:
    """`re.search` of the slice `begin:end` from `first` on -> the match's begin and end; -1, -1 for none.

    With `filled`, a match at `first` must not be empty.
    """
    transitions, ends, starts = automata.transitions, automata.ends, automata.starts
    edge = transitions.shape[1] - 1
    for start in range(first, end + 1):
        last = classes[start - 1] if start > begin else edge
        last_but_one = classes[start - 2] if start > begin + 1 else edge
        state = starts[which, 1 if filled and start == first else 0, last_but_one, last]
        if state == 0:
            continue
        found = start if ends[state] == ENDS_HERE else -1
        position = start
        while True:
            state = transitions[state, classes[position] if position < end else edge]
            if state == 0:
                break
            if ends[state] != NO_MATCH:
                found = position + 1 - (ends[state] - ENDS_HERE)
            if position == end:
                break
            position += 1
        if found >= 0:
            return start, found
    return -1, -1


@njit(cache=True, _nrt=False)
def matches(automata: Automata, which: int, classes: Classes, begin: int, end: int) -> bool:
    """Whether `re.match` of the slice `begin:end` finds anything."""
    transitions, ends = automata.transitions, automata.ends
    edge = transitions.shape[1] - 1
    state = automata.starts[which, 0, edge, edge]
    if ends[state] != 0:
        return True
    for position in range(begin, end + 1):
        if state == 0:
            return False
        state = transitions[state, classes[position] if position < end else edge]
        if ends[state] != 0:
            return True
    return False
