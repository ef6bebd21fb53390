"""What is written is read back: values, event times, packed rows, plans."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typed_values import values

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.layout.event_time import decode_event_time, encode_event_time
from features.layout.packed_row import PackedRow
from features.layout.value import TAG, ValueBytesError, decode, encode
from features.layout.value_reader import reader_of
from features.plan import Plan, PlanError

typed = st.sampled_from(list(ValueType)).flatmap(lambda each: st.tuples(st.just(each), values(each)))
rows = st.lists(st.sampled_from(list(ValueType)), min_size=1, max_size=20).flatmap(
    lambda types: st.tuples(st.just(types), st.tuples(*(st.none() | values(each) for each in types)))
)


@given(typed)
def test_a_value_is_read_back(drawn: tuple[ValueType, object]) -> None:
    value_type, value = drawn

    assert decode(encode(value, value_type), value_type) == value


@given(typed, st.sampled_from(list(ValueType)))
def test_bytes_of_another_type_are_refused(drawn: tuple[ValueType, object], other: ValueType) -> None:
    value_type, value = drawn
    if other is not value_type:
        with pytest.raises(ValueBytesError):
            decode(encode(value, value_type), other)


@given(st.sampled_from(list(ValueType)), st.binary(min_size=1, max_size=40))
def test_any_bytes_give_a_value_or_one_kind_of_error(value_type: ValueType, data: bytes) -> None:
    with contextlib.suppress(ValueBytesError):
        decode(data, value_type)


def result(read: Any, data: bytes) -> Any:
    try:
        return read(data)
    except ValueBytesError:
        return ValueBytesError


@pytest.mark.parametrize("seconds", [253_402_300_800, -62_135_596_801, (1 << 63) - 1, -1 << 63])
def test_a_time_that_python_does_not_have_is_no_value(seconds: int) -> None:
    stored = encode(seconds, ValueType.INT64).replace(TAG[ValueType.INT64], TAG[ValueType.UNIX_TIMESTAMP], 1)
    with pytest.raises(ValueBytesError, match="is no UNIX_TIMESTAMP"):
        decode(stored, ValueType.UNIX_TIMESTAMP)


@given(st.sampled_from(ValueType), st.data())
def test_a_reader_of_one_type_reads_what_decode_reads(value_type: ValueType, data: st.DataObject) -> None:
    written = data.draw(st.sampled_from(ValueType) | st.just(value_type))
    stored = encode(data.draw(values(written)), written)
    cut = stored[: data.draw(st.integers(1, len(stored)))] + data.draw(st.binary(max_size=2))

    for each in (stored, cut, TAG[value_type] + data.draw(st.binary(max_size=12))):
        assert repr(result(reader_of(value_type), each)) == repr(result(lambda raw: decode(raw, value_type), each))


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))  # the years 1 to 9999
def test_an_event_time_is_read_back(microseconds: int) -> None:
    assert decode_event_time(encode_event_time(microseconds)) == microseconds


@pytest.mark.parametrize("seconds", [253_402_300_800, -62_135_596_801, (1 << 63) - 1, -1 << 63])
def test_an_event_time_in_no_year_of_the_calendar_is_none(seconds: int) -> None:
    with pytest.raises(ValueBytesError, match="is no time in the years 1 to 9999"):
        decode_event_time(encode_event_time(seconds * 1_000_000))


@given(rows, st.integers(-(1 << 63), (1 << 63) - 1))
def test_a_packed_row_is_read_back(drawn: tuple[list[ValueType], tuple], event_us: int) -> None:
    types, row = drawn
    packed = PackedRow("view", {"id": ValueType.INT64}, {f"f{at}": each for at, each in enumerate(types)})

    unpacked = packed.unpack(packed.pack(event_us, row))

    assert unpacked is not None
    assert (unpacked[0], list(unpacked[1])) == (event_us, list(row))


def test_a_row_of_another_schema_is_not_read() -> None:
    written = PackedRow("view", {"id": ValueType.INT64}, {"a": ValueType.INT64, "b": ValueType.DOUBLE})
    reader = PackedRow("view", {"id": ValueType.INT64}, {"a": ValueType.INT64, "b": ValueType.INT64})

    assert reader.unpack(written.pack(1, [2, 3.0])) is None


@given(st.binary(max_size=60))
def test_a_damaged_row_is_not_read_and_raises_nothing(tail: bytes) -> None:
    packed = PackedRow("view", {"id": ValueType.INT64}, {"a": ValueType.STRING, "b": ValueType.STRING_LIST})

    packed.unpack(packed.schema_hash + tail)


def test_a_plan_is_read_back() -> None:
    plan = Plan.of(CATALOGUE)

    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "project": "x"}'])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        Plan.from_json(text)
