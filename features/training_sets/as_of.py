"""The point-in-time join of arrays: which row of a history holds for each row asked for.

Two sorts of the rows, whatever the number of matches; no loop in Python.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

Numbers = np.ndarray
"""An int64 array. Times are microseconds since the epoch."""

NOTHING = -1
"""The position where no row holds, and the number of a key with a null."""

_LARGEST_PRODUCT = 1 << 62


def key_numbers(columns: Sequence[pa.ChunkedArray]) -> Numbers:
    """A number for each row: equal where all keys are equal, `NOTHING` where one is null.

    Args:
        columns: the keys, at least one, of equal length and of any type with equality.
    """
    numbers = np.zeros(len(columns[0]), np.int64)
    null = np.zeros(len(columns[0]), bool)
    distinct = 1
    for column in columns:
        encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
        null |= np.asarray(encoded.indices.is_null())
        values = max(len(encoded.dictionary), 1)
        if distinct * values > _LARGEST_PRODUCT:
            found, numbers = np.unique(numbers, return_inverse=True)
            distinct = len(found)
        numbers = numbers * values + np.asarray(encoded.indices.fill_null(0)).astype(np.int64)
        distinct *= values
    numbers[null] = NOTHING
    return numbers


def newest_as_of(
    asked: Numbers, at: Numbers, history: Numbers, event: Numbers, created: Numbers, known: Numbers | None = None
) -> Numbers:
    """For each row asked for, the position of the row of its key's history that holds; `NOTHING` where none does.

    Of the rows whose event time is not after `at`, the one with the greatest event time holds; of several, the one
    created last; of these, the last one.

    Args:
        asked: the keys that are asked for, as numbers; `NOTHING` matches no row.
        at: when, for each of them.
        history: the keys of the history, in any order.
        event: event times of the history.
        created: when its rows were created.
        known: the time before which a row of the history does not count, besides its event time; None: there is none.
    """
    if not len(history):
        return np.full(len(asked), NOTHING, np.int64)
    by_value = np.lexsort((created, event, history))  # what holds over what, key by key
    rank = np.empty(len(history), np.int64)
    rank[by_value] = np.arange(len(history))
    since = event if known is None else np.maximum(event, known)
    # In the order of time, the history before what is asked for at the same time (the sort keeps the order of equals).
    # Ranks grow with the key, so the greatest so far is of this key, or this key has no row yet.
    in_time = np.lexsort((np.concatenate((since, at)), np.concatenate((history, asked))))
    is_asked = in_time >= len(history)
    greatest = np.maximum.accumulate(np.where(is_asked, NOTHING, rank[np.where(is_asked, 0, in_time)]))[is_asked]
    place = in_time[is_asked] - len(history)
    row = by_value[greatest]
    holds = (greatest != NOTHING) & (history[row] == asked[place]) & (asked[place] != NOTHING)
    found = np.empty(len(asked), np.int64)
    found[place] = np.where(holds, row, NOTHING)
    return found
