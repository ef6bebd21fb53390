"""Columns at once give, byte for byte, what `features.layout` gives row by row."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.definition.value_type import KEY_TYPES, ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import encode_event_time
from features.layout.packed_row import PackedRow
from features.layout.value import encode
from features.materialization.encoding.columns import UnencodableError
from features.materialization.encoding.hash_dumps import crc64, hash_dumps
from features.materialization.encoding.values import encoded_times
from features.materialization.encoding.view_encoder import ViewEncoder
from features.plan import Plan, PlannedService, PlannedView
from features.store.address import parse_address
from features.store.valkey import ValkeyConnection
from features.tables import arrow_type

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
_ELEMENTS: dict[ValueType, st.SearchStrategy[Any]] = {
    ValueType.BYTES: st.binary(),
    ValueType.STRING: st.text(),
    ValueType.INT32: st.integers(-(1 << 31), (1 << 31) - 1),
    ValueType.INT64: st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-200, 200),
    ValueType.DOUBLE: st.floats(),
    ValueType.FLOAT: st.floats(width=32),
    ValueType.BOOL: st.booleans(),
    ValueType.UNIX_TIMESTAMP: _MOMENTS,
}
_KEYS = {"b": ValueType.STRING, "a": ValueType.INT64, "c": ValueType.INT32, "d": ValueType.BYTES}


def _values(value_type: ValueType) -> st.SearchStrategy[Any]:
    element = _ELEMENTS[value_type.element]
    return st.none() | (st.lists(element, max_size=4) if value_type.is_list else element)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[dict[str, ValueType], dict[str, ValueType], list[dict[str, Any]]]:
    """Types of keys, types of features, rows."""
    keys = {name: draw(st.sampled_from(sorted(KEY_TYPES))) for name in draw(st.sampled_from(["a", "ab", "bac"]))}
    features = {f"f{at}": each for at, each in enumerate(draw(st.lists(st.sampled_from(list(ValueType)), min_size=1)))}
    row = st.fixed_dictionaries(
        {name: _ELEMENTS[each] for name, each in keys.items()}
        | {name: _values(each) for name, each in features.items()}
        | {"event_timestamp": _MOMENTS, "created": _MOMENTS}
    )
    return keys, features, draw(st.lists(row, max_size=6))


def _plan(keys: dict[str, ValueType], features: dict[str, ValueType]) -> Plan:
    backwards = tuple(reversed(features))
    return Plan(
        "p",
        {"v": PlannedView("v", keys, features, None)},
        {
            "all": PlannedService("all", {"v": backwards}, ()),
            "one": PlannedService("one", {"v": backwards[:1]}, ()),
            "other": PlannedService("other", {}, ()),
        },
        {},
    )


def _arrow(keys: dict[str, ValueType], features: dict[str, ValueType], rows: list[dict[str, Any]]) -> pa.Table:
    fields = [pa.field(name, arrow_type(each)) for name, each in (keys | features).items()]
    times = [pa.field(name, pa.timestamp("us", "UTC")) for name in ("event_timestamp", "created")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, *times]))


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


@given(_tables())
def test_each_row_has_the_bytes_of_the_layout(drawn: tuple[Any, Any, list[dict[str, Any]]]) -> None:
    keys, features, rows = drawn
    encoder = ViewEncoder(_plan(keys, features), "v")

    # A slice of a table of several chunks: Arrow's offsets are not all 0 then.
    table = _arrow(keys, features, rows)
    encoded = encoder.encode(pa.concat_tables([table[:1], table]).slice(len(table[:1])))

    assert encoded.keys.to_pylist() == [EntityKeyEncoder(keys).encode(row) for row in rows]
    for (name, value_type), column in zip(features.items(), encoded.values, strict=True):
        assert column.to_pylist() == [encode(row[name], value_type) for row in rows]
    for service, names in encoder.selected.items():
        layout = PackedRow("v", keys, {name: features[name] for name in names})
        expected = [layout.pack(_microseconds(row["event_timestamp"]), [row[name] for name in names]) for row in rows]
        assert encoded.packed[service].to_pylist() == expected
    assert list(encoded.packed) == ["all", "one"]


@given(st.lists(_MOMENTS.map(_microseconds) | st.integers(-(10**17), 10**17)))
def test_event_times_have_the_bytes_of_the_layout(times: list[int]) -> None:
    import numpy as np

    assert encoded_times(np.array(times, np.int64)).to_pylist() == [encode_event_time(each) for each in times]


def test_a_checksum_is_that_of_the_server() -> None:
    """The check value of its source, and that of nothing; zeros before do not count."""
    sums = crc64(pa.array([b"123456789", b"", bytes(2) + b"123456789"], pa.large_binary()))

    assert [hex(each) for each in sums.tolist()] == ["0xe9c6d914c4b8d9ca", "0x0", "0xe9c6d914c4b8d9ca"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=128, unique=True),
    st.lists(st.binary(max_size=63) | st.integers(-(1 << 63), 1 << 63).map(lambda each: b"%d" % each), min_size=1),
    st.integers(1, 4),
)
def test_the_server_takes_a_dump_for_the_hash(store: str, fields: list[bytes], drawn: list[bytes], rows: int) -> None:
    """The same fields and values, kept as the server itself keeps such hashes."""
    values = [[drawn[(at * rows + row) % len(drawn)] for row in range(rows)] for at in range(len(fields))]
    dumps = hash_dumps(fields, [pa.array(column, pa.large_binary()) for column in values])
    assert dumps is not None

    with closing(ValkeyConnection(parse_address(store))) as connection:
        for row, dump in enumerate(dumps.to_pylist()):
            expected = dict(zip(fields, (column[row] for column in values), strict=True))
            connection.call(b"RESTORE", b"dumped", b"0", dump, b"REPLACE", deadline=time.monotonic() + 5)
            stored = connection.call(b"HGETALL", b"dumped", deadline=time.monotonic() + 5)
            assert dict(zip(stored[::2], stored[1::2], strict=True)) == expected
            assert connection.call(b"OBJECT", b"ENCODING", b"dumped", deadline=time.monotonic() + 5) == b"listpack"
            connection.call(b"HSET", b"dumped", fields[0], b"changed", deadline=time.monotonic() + 5)
            assert connection.call(b"HGET", b"dumped", fields[0], deadline=time.monotonic() + 5) == b"changed"


def test_long_values_and_many_fields_have_no_dump() -> None:
    assert hash_dumps([b"f"], [pa.array([b"x" * 64], pa.large_binary())]) is None
    fields = [b"%d" % at for at in range(129)]
    assert hash_dumps(fields, [pa.array([b""], pa.large_binary())] * 129) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": [1, None]}, "key id is null in row 1"),
        ({"id": ["x" * 10, "y" * 9000]}, "key id in row 1: 9,000 bytes"),
        ({"f": pa.array(["a", "b"])}, "column f: DOUBLE expected, not string"),
        ({"event_timestamp": pa.array([None, 1], pa.timestamp("us", "UTC"))}, "event_timestamp is null in row 0"),
    ],
)
def test_a_row_that_cannot_be_stored_is_named(change: dict[str, Any], words: str) -> None:
    is_text = isinstance(change.get("id", [1])[0], str)
    plan = _plan({"id": ValueType.STRING if is_text else ValueType.INT64}, {"f": ValueType.DOUBLE})
    times = pa.array([1, 2], pa.timestamp("us", "UTC"))
    columns = {"id": [1, 2], "f": [1.0, 2.0], "event_timestamp": times, "created": times} | change

    with pytest.raises(UnencodableError, match=words):
        ViewEncoder(plan, "v").encode(pa.table(columns))


def test_a_feature_that_is_newer_than_the_table_is_null() -> None:
    plan = _plan({"id": ValueType.INT64}, {"f": ValueType.DOUBLE_LIST, "g": ValueType.STRING})
    times = pa.array([1], pa.timestamp("us", "UTC"))

    encoded = ViewEncoder(plan, "v").encode(pa.table({"id": [1], "event_timestamp": times, "created": times}))

    assert [column.to_pylist() for column in encoded.values] == [[b""], [b""]]
