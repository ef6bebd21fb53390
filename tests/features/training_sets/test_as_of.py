"""The join of arrays: examples by hand, then against its definition on random rows."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.training_sets.as_of import NOTHING, key_numbers, newest_as_of


def found(asked, history, late=False):
    """Positions found; `asked`: (key, at), `history`: (key, event, created); `late`: created also has to be past."""
    keys, at = zip(*asked, strict=True) if asked else ((), ())
    of, event, created = zip(*history, strict=True) if history else ((), (), ())
    columns = [np.array(column, np.int64) for column in (keys, at, of, event, created)]
    return newest_as_of(*columns, columns[-1] if late else None).tolist()


def test_the_newest_row_that_is_not_after_the_time_holds():
    history = [(7, 10, 10), (7, 20, 20), (7, 30, 30)]
    assert found([(7, 9), (7, 10), (7, 25), (7, 30), (7, 99)], history) == [NOTHING, 0, 1, 2, 2]


def test_rows_of_another_key_never_hold():
    assert found([(1, 50), (2, 50), (3, 50)], [(1, 10, 10), (3, 60, 60)]) == [0, NOTHING, NOTHING]


def test_of_equal_event_times_the_last_created_holds():
    assert found([(1, 10)], [(1, 10, 12), (1, 10, 14), (1, 10, 13)]) == [1]


def test_a_late_row_with_an_older_event_does_not_hold_over_a_newer_one():
    assert found([(1, 100)], [(1, 20, 20), (1, 10, 90)]) == [0]


def test_a_row_that_was_not_created_yet_does_not_count_when_asked_so():
    history = [(1, 10, 10), (1, 20, 50)]
    assert found([(1, 30), (1, 50)], history) == [1, 1]
    assert found([(1, 30), (1, 50)], history, late=True) == [0, 1]


def test_a_late_row_with_an_older_event_does_not_hold_once_it_is_known_either():
    assert found([(1, 95)], [(1, 20, 20), (1, 10, 90)], late=True) == [0]


def test_a_key_with_a_null_matches_nothing():
    assert found([(NOTHING, 50)], [(NOTHING, 10, 10), (0, 10, 10)]) == [NOTHING]


def test_nothing_is_found_in_an_empty_history_and_nothing_for_no_rows():
    assert found([(1, 1), (2, 2)], []) == [NOTHING, NOTHING]
    assert found([], [(1, 1, 1)]) == []


_small = st.integers(0, 3)
_times = st.integers(-4, 4)
_asked = st.lists(st.tuples(st.integers(-1, 3), _times), max_size=12)
_history = st.lists(st.tuples(_small, _times, _times), max_size=20, unique=True)


@given(_asked, _history, st.booleans())
def test_what_is_found_is_the_definition(asked, history, late):
    def by_definition(key, at):
        rows = [
            (event, created, place)
            for place, (of, event, created) in enumerate(history)
            if of == key and event <= at and (not late or created <= at)
        ]
        return max(rows)[2] if rows else NOTHING

    assert found(asked, history, late) == [by_definition(*each) for each in asked]


_key = st.one_of(st.none(), st.sampled_from(["", "1", "11", "2", "12", "a|b", "ä"]))


@given(st.lists(st.tuples(_key, _key, st.one_of(st.none(), st.integers(-2, 2))), max_size=30))
def test_key_numbers_are_equal_where_all_keys_are(rows):
    columns = [
        pa.chunked_array([pa.array([row[place] for row in part], dtype) for part in (rows[:7], rows[7:])])
        for place, dtype in enumerate((pa.string(), pa.string(), pa.int64()))
    ]
    numbers = key_numbers(columns).tolist()
    for row, number in zip(rows, numbers, strict=True):
        assert (number == NOTHING) == (None in row)
        assert None in row or [other == row for other in rows] == [each == number for each in numbers]


def test_key_numbers_stay_apart_where_their_product_would_overflow():
    values = [str(value) for value in range(1 << 16)]  # of five keys, the first would count 2⁶⁴ fold: not at all
    columns = [pa.chunked_array([pa.array([*values, last])]) for last in ("0", "1", "1", "1", "1")]
    numbers = key_numbers(columns)
    assert len(set(numbers.tolist())) == len(values) + 1
