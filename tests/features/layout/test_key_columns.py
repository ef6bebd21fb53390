"""Keys that are encoded a column at a time are those that are encoded one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typed_values import values

from features.definition.value_type import KEY_TYPES, ValueType
from features.layout.entity_key import EntityKeyEncoder, EntityKeyError

TYPES = st.lists(st.sampled_from(sorted(KEY_TYPES)), min_size=1, max_size=3)


@st.composite
def keys_and_rows(draw: st.DrawFn) -> tuple[dict[str, ValueType], list[dict[str, object]]]:
    keys = {f"key {number}": each for number, each in enumerate(draw(TYPES))}
    row = st.fixed_dictionaries({name: values(each) for name, each in keys.items()})
    return keys, draw(st.lists(row, min_size=1, max_size=4))


@given(keys_and_rows())
def test_columns_give_the_bytes_of_their_rows(drawn: tuple[dict[str, ValueType], list[dict[str, object]]]) -> None:
    keys, rows = drawn
    encoder = EntityKeyEncoder(keys)
    columns = {name: [row[name] for row in rows] for name in keys}

    assert encoder.encode_columns(columns) == [encoder.encode(row) for row in rows]


@given(keys_and_rows(), st.sampled_from([None, 1.5, object(), "\ud800", "x" * 9_000, 1 << 70, True]), st.data())
def test_a_key_that_is_none_is_refused_wherever_it_stands(
    drawn: tuple[dict[str, ValueType], list[dict[str, object]]], wrong: object, data: st.DataObject
) -> None:
    keys, rows = drawn
    name, at = data.draw(st.sampled_from(sorted(keys))), data.draw(st.integers(0, len(rows) - 1))
    rows[at] = {**rows[at], name: wrong}

    with pytest.raises(EntityKeyError, match=rf"row \d+: key {name}"):
        EntityKeyEncoder(keys).encode_columns({each: [row[each] for row in rows] for each in keys})
