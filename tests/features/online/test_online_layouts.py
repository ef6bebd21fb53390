"""Packed rows never say anything else than Feast's layout, which holds."""

import itertools
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import NOW, PLAN, SECOND, Hand, write
from typed_values import values

from features.definition.value_type import ValueType
from features.freshness import Status
from features.layout.event_time import encode_event_time
from features.layout.field import feature_field, timestamp_field
from features.layout.value import encode
from features.online.reader import OnlineReader
from features.plan import Plan, PlannedService, PlannedView

ROW = {"doc_id": "a", "tokens": 7, "title": "packed", "reasons": ["x"]}
EVERY_TYPE = PlannedView(
    "every", {"id": ValueType.STRING}, {each.name.lower(): each for each in ValueType}, max_age_us=None
)
EVERY_PLAN = Plan(
    "e", {"every": EVERY_TYPE}, {"all": PlannedService("all", {"every": tuple(EVERY_TYPE.features)}, ())}, {}
)
LISTED = [f"every:{name}" for name in EVERY_TYPE.features]
A_ROW = st.fixed_dictionaries({name: st.none() | values(each) for name, each in EVERY_TYPE.features.items()})


def titles(reader: OnlineReader, service: str = "curation") -> tuple[list[str | None], list[int]]:
    vectors = reader.get(service, {"doc_id": ["a"]}, at_us=NOW)
    return vectors.columns[1], vectors.statuses[1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(A_ROW, min_size=1, max_size=4), sound=st.lists(st.booleans(), min_size=4, max_size=4))
def test_both_layouts_give_equal_vectors_of_every_type(store: str, rows: list[dict], sound: list[bool]):
    hand, reader = Hand(store, EVERY_PLAN), OnlineReader(store, plan=EVERY_PLAN)
    keys = [str(at) for at in range(len(rows))]
    hand.call(b"FLUSHALL")
    for key, row, has_packed in zip(keys, rows, sound, strict=False):
        hand.feast("every", {**row, "id": key})
        if has_packed:
            hand.packed("all", "every", {**row, "id": key})

    vectors = reader.get("all", {"id": keys}, at_us=NOW)
    listed = reader.get(LISTED, {"id": keys}, at_us=NOW)

    assert vectors == listed
    assert vectors.rows() == rows
    hand.close()
    reader.close()


def test_a_sound_packed_row_is_what_is_read(hand: Hand, reader: OnlineReader):
    hand.feast("document", {**ROW, "title": "Feast"})
    hand.packed("curation", "document", ROW)

    assert titles(reader) == (["packed"], [Status.PRESENT])


def test_a_row_that_only_feast_has_written_is_read(hand: Hand, reader: OnlineReader):
    hand.feast("document", {**ROW, "title": "Feast"})

    assert titles(reader) == (["Feast"], [Status.PRESENT])


@pytest.mark.parametrize("later", [1, SECOND, -SECOND])
def test_a_row_that_feast_has_overwritten_is_read_as_feast_left_it(hand: Hand, reader: OnlineReader, later: int):
    hand.packed("curation", "document", ROW, at=NOW - 10 * SECOND)
    hand.feast("document", {**ROW, "title": "Feast"}, at=NOW - 10 * SECOND + later)

    assert titles(reader) == (["Feast"], [Status.PRESENT])


def test_an_entity_that_feast_has_deleted_is_not_found(hand: Hand, reader: OnlineReader):
    write_both(hand)
    hand.call(b"DEL", hand.hash_key("document", doc_id="a"))

    assert titles(reader) == ([None], [Status.NOT_FOUND])


def test_a_row_of_another_schema_is_read_in_feasts_layout(hand: Hand, store: str):
    write_both(hand)
    hand.feast("document", {**ROW, "title": "Feast"})
    service = PlannedService("curation", {"document": ("title", "tokens")}, ())
    newer = Plan("p", PLAN.views, {"curation": service}, {})

    vectors = OnlineReader(store, plan=newer).get("curation", {"doc_id": ["a"]}, at_us=NOW)

    assert vectors.rows() == [{"title": "Feast", "tokens": 7}]


@pytest.mark.parametrize("keep", [0, 7, 16, -1])
def test_a_row_that_was_cut_is_read_in_feasts_layout(hand: Hand, reader: OnlineReader, keep: int):
    write_both(hand)
    hand.feast("document", {**ROW, "title": "Feast"})
    key = hand.packed_key("curation", "document", doc_id="a")
    hand.call(b"SET", key, hand.call(b"GET", key)[:keep])

    assert titles(reader) == (["Feast"], [Status.PRESENT])


def test_a_row_with_something_behind_it_is_read_in_feasts_layout(hand: Hand, reader: OnlineReader):
    write_both(hand)
    hand.feast("document", {**ROW, "title": "Feast"})
    hand.call(b"APPEND", hand.packed_key("curation", "document", doc_id="a"), b"x")

    assert titles(reader) == (["Feast"], [Status.PRESENT])


def test_bad_rows_do_not_touch_good_ones_of_the_same_request(hand: Hand, reader: OnlineReader):
    for key in "abcde":
        hand.feast("document", {"doc_id": key, "title": f"Feast {key}"})
        hand.packed("curation", "document", {"doc_id": key, "title": f"packed {key}"})
    hand.call(b"DEL", hand.packed_key("curation", "document", doc_id="b"))
    hand.call(b"SET", hand.packed_key("curation", "document", doc_id="c"), b"damaged")
    hand.call(b"DEL", hand.hash_key("document", doc_id="d"))

    vectors = reader.get("curation", {"doc_id": ["c", "a", "b", "e", "d", "b"]}, at_us=NOW)

    assert vectors.columns[1] == ["Feast c", "packed a", "Feast b", "packed e", None, "Feast b"]


def test_bytes_of_another_type_are_invalid_and_the_others_are_read(hand: Hand, reader: OnlineReader):
    hand.feast("document", ROW)
    hand.call(
        b"HSET",
        hand.hash_key("document", doc_id="a"),
        feature_field("document", "tokens"),
        encode("7", ValueType.STRING),
    )

    vectors = reader.get("curation", {"doc_id": ["a"]}, at_us=NOW)

    assert vectors.columns[:2] == [[None], ["packed"]]
    assert vectors.statuses[:2] == [[Status.INVALID], [Status.PRESENT]]


def test_a_field_that_does_not_exist_is_null(hand: Hand, reader: OnlineReader):
    hand.feast("document", ROW)
    hand.call(b"HDEL", hand.hash_key("document", doc_id="a"), feature_field("document", "title"))

    assert titles(reader) == ([None], [Status.NULL_VALUE])


@pytest.mark.parametrize("event", [b"\xff", b"\x12\x01a", b""])
def test_an_event_time_that_is_none_does_not_pass(hand: Hand, reader: OnlineReader, event: bytes):
    write_both(hand)
    hand.call(b"HSET", hand.hash_key("document", doc_id="a"), timestamp_field("document"), event)

    found, status = titles(reader)

    # No bytes at all are protobuf's way to write the epoch: a time, of another row than the packed one.
    assert (found, status) == ((["packed"], [Status.PRESENT]) if event == b"" else ([None], [Status.INVALID]))


def test_a_key_that_holds_something_else_is_invalid_and_the_others_are_read(hand: Hand, reader: OnlineReader):
    write_both(hand)
    hand.call(b"DEL", hand.hash_key("document", doc_id="b"))
    hand.call(b"SET", hand.hash_key("document", doc_id="b"), b"text")

    vectors = reader.get("curation", {"doc_id": ["b", "a"]}, at_us=NOW)

    assert vectors.columns[0] == [None, 7]
    assert vectors.statuses[0] == [Status.INVALID, Status.PRESENT]


def test_a_row_without_an_event_time_is_not_found(hand: Hand, reader: OnlineReader):
    write_both(hand)
    hand.call(b"HDEL", hand.hash_key("document", doc_id="a"), timestamp_field("document"))

    assert titles(reader) == ([None], [Status.NOT_FOUND])


def test_nanoseconds_are_rounded_down(hand: Hand, reader: OnlineReader):
    hand.feast("document", ROW, at=0)
    stored = encode_event_time(NOW - SECOND) + b"\x10\x81\x08"  # 1,025 nanoseconds
    hand.call(b"HSET", hand.hash_key("document", doc_id="a"), timestamp_field("document"), stored)

    vectors = reader.get("curation", {"doc_id": ["a"]}, at_us=NOW)

    assert vectors.event_times[0] == [NOW - SECOND + 1]


def test_what_is_read_while_it_is_written_is_one_row_or_the_other(store: str, reader: OnlineReader):
    """Values and event time belong together however reads and writes fall."""
    seen: set[int] = set()
    stopping = threading.Event()
    writing = threading.Thread(target=write_on, args=(store, stopping))
    writing.start()
    until = time.monotonic() + 20
    while len(seen) < 30 and time.monotonic() < until:
        vectors = reader.get("curation", {"doc_id": ["a"]}, at_us=NOW + 10**9, timeout=10)
        tokens, title, event = vectors.columns[0][0], vectors.columns[1][0], vectors.event_times[0][0]
        if tokens is not None:
            assert (str(tokens), NOW + tokens) == (title, event)
            seen.add(tokens)
    stopping.set()
    writing.join()
    assert len(seen) == 30


def write_on(url: str, stopping: threading.Event) -> None:
    """Writes new rows of one entity, every third as Feast's SDK does."""
    hand = Hand(url)
    for number in itertools.count():
        if stopping.is_set():
            return hand.close()
        row = {"doc_id": "a", "tokens": number, "title": str(number), "reasons": []}
        if number % 3:
            write(url, "document", row, at=NOW + number)
        else:
            hand.feast("document", row, at=NOW + number)


def write_both(hand: Hand) -> None:
    hand.feast("document", ROW)
    hand.packed("curation", "document", ROW)
