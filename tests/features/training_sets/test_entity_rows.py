"""Rows from files: types, zones, nulls, and what is refused before anything is computed."""

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_catalogue import PLAN

from features.training_sets.entities import normalised
from features.training_sets.entity_file import read
from features.training_sets.specification import EntityRowsError, Specification, names
from pipelines.errors import MissingPathError
from pipelines.tables import TIMESTAMP

ALL, OFFER = Specification.of(PLAN, "all"), Specification.of(PLAN, "offer")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def rows(**columns):
    """Entity rows with these columns in place of usual ones."""
    return pa.table({"user": ["1"], "item": [12], "event_timestamp": [NOON], **columns})


@pytest.mark.parametrize(
    "text", ["2026-11-26T12:00:00Z", "2026-11-26 13:00:00+01:00", "2026-11-26T12:00:00", "2026-11-26T06:30:00-0530"]
)
def test_times_of_a_csv_file_are_in_their_zone_or_else_in_utc(tmp_path, text):
    (tmp_path / "rows.csv").write_text(f"user,item,event_timestamp\n1,2,{text}\n1,2,2026-11-26\n")
    found = read(tmp_path / "rows.csv", ALL)["event_timestamp"]
    assert found.type == TIMESTAMP
    assert found.to_pylist() == [NOON, NOON.replace(hour=0)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_timestamps_of_a_parquet_file_become_microseconds_in_utc(tmp_path, unit, zone):
    column = pa.array([NOON.replace(tzinfo=None)], pa.timestamp("us")).cast(pa.timestamp(unit))
    pq.write_table(rows(event_timestamp=column.cast(pa.timestamp(unit, zone))), tmp_path / "rows.parquet")
    found = read(tmp_path / "rows.parquet", ALL)["event_timestamp"]
    assert (found.type, found.to_pylist()) == (TIMESTAMP, [NOON])


def test_nanoseconds_are_rounded_down_so_that_no_value_is_used_before_its_time():
    column = pa.array([1_999, -1], pa.timestamp("ns"))
    found = normalised(pa.table({"user": ["1", "1"], "item": [1, 1], "event_timestamp": column}), ALL)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    moments = [epoch + timedelta(microseconds=micros) for micros in (1, -1)]
    assert found["event_timestamp"].to_pylist() == moments


def test_a_text_key_of_a_csv_file_stays_the_text_that_it_is(tmp_path):
    (tmp_path / "rows.csv").write_text("user,item,event_timestamp\n007,7,2026-11-26\nNA,8,2026-11-26\n")
    assert read(tmp_path / "rows.csv", ALL)["user"].to_pylist() == ["007", "NA"]


def test_an_empty_field_is_null_and_a_quoted_empty_one_is_a_text(tmp_path):
    (tmp_path / "rows.csv").write_text('user,item,event_timestamp\n,,2026-11-26\n"",1,2026-11-26\n')
    assert read(tmp_path / "rows.csv", ALL).select(["user", "item"]).to_pylist() == [
        {"user": None, "item": None},
        {"user": "", "item": 1},
    ]


def test_integers_that_pandas_wrote_with_a_decimal_point_are_integers(tmp_path):
    (tmp_path / "rows.csv").write_text("user,item,event_timestamp\n1,12.0,2026-11-26\n1,,2026-11-26\n")
    found = read(tmp_path / "rows.csv", ALL)["item"]
    assert (found.type, found.to_pylist()) == (pa.int64(), [12, None])


def test_a_key_that_is_null_in_every_row_has_the_type_of_the_key(tmp_path):
    (tmp_path / "rows.csv").write_text("user,item,event_timestamp\n1,,2026-11-26\n")
    assert read(tmp_path / "rows.csv", ALL)["item"].type == pa.int64()


def test_json_lines_are_read_compressed_too_with_nested_labels(tmp_path):
    lines = [
        {
            "user": "1",
            "item": 2,
            "event_timestamp": "2026-11-26T13:00:00+01:00",
            "label": {"tags": ["a"], "score": 0.5},
        },
        {"user": None, "item": 2, "event_timestamp": "2026-11-26T12:00:00Z"},
    ]
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    found = read(tmp_path / "rows.jsonl.gz", ALL).to_pylist()
    assert found == [
        {**lines[0], "event_timestamp": NOON},
        {**lines[1], "event_timestamp": NOON, "label": None},
    ]


def test_other_columns_get_types_that_a_delta_table_has():
    strange = {
        "category": pa.array(["a"]).dictionary_encode(),
        "unsigned": pa.array([200], pa.uint8()),
        "half": pa.array([0.5], pa.float32()).cast(pa.float16()),
        "nothing": pa.nulls(1),
        "large": pa.array([["x"]], pa.large_list(pa.large_string())),
    }
    found = normalised(rows(**strange), ALL)
    assert found.select(list(strange)).to_pylist() == [
        {"category": "a", "unsigned": 200, "half": 0.5, "nothing": None, "large": ["x"]}
    ]
    assert [found.schema.field(name).type for name in strange] == [
        pa.string(), pa.int32(), pa.float32(), pa.string(), pa.list_(pa.string()),
    ]  # fmt: skip


def test_a_narrower_integer_is_widened_to_the_type_of_the_key():
    assert normalised(rows(item=pa.array([12], pa.int16())), ALL)["item"].type == pa.int64()


def test_a_value_of_the_request_gets_the_type_that_its_feature_has():
    assert normalised(rows(price=pa.array([3], pa.int64())), OFFER)["price"].to_pylist() == [3.0]


@pytest.mark.parametrize(
    ("table", "specification", "words"),
    [
        (rows(user=[1]), ALL, "column user, a join key of users, ratings, moods, is int64, not string"),
        (rows(item=["12"]), ALL, "column item, a join key of ratings, is string, not int64"),
        (rows(item=[12.0]), ALL, "column item, a join key of ratings, is double"),
        (rows().drop_columns(["user"]), ALL, "no column user, a join key of users, ratings, moods; there are item"),
        (rows().rename_columns(["User", "item", "event_timestamp"]), ALL, "no column user"),
        (rows().drop_columns(["event_timestamp"]), ALL, "no column event_timestamp"),
        (rows(event_timestamp=[1764158400]), ALL, "column event_timestamp is int64, not a timestamp"),
        (rows(event_timestamp=["yesterday"]), ALL, "yesterday"),
        (rows(event_timestamp=pa.array([None], TIMESTAMP)), ALL, "1 rows have no event_timestamp, the first is row 1"),
        (rows(), OFFER, "no column price, a value of the request that surprise needs"),
        (rows(price=["3"]), OFFER, "column price, a value of the request that surprise needs, is string, not double"),
        (rows(USER=["1"]), ALL, "user and USER differ only in case"),
        (rows(users__status=[1]), ALL, "two columns are named users__status"),
        (rows(**{"a b": [1]}), ALL, "'a b'"),
        (rows(age=pa.array([1], pa.duration("s"))), ALL, "column age is duration"),
        (rows(big=pa.array([1 << 63], pa.uint64())), ALL, "column big"),
    ],
)
def test_rows_that_nothing_can_be_found_for_are_refused(table, specification, words):
    with pytest.raises(EntityRowsError) as error:
        normalised(table, specification)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.csv", "user,user,item,event_timestamp\n1,1,2,2026-11-26\n", "two columns are named user"),
        (
            "rows.csv",
            "user,item,event_timestamp\n1,two,2026-11-26\n",
            "item, a join key of ratings, is string, not int64",
        ),
        ("rows.csv", "user,item,event_timestamp\n1,2.5,2026-11-26\n", "column item: Float value 2.5"),
        ("rows.csv", "user,item,event_timestamp\n1,2\n", "Expected 3 columns"),
        ("rows.csv", "user,item,event_timestamp,event_timestamp\n1,2,,\n", "two columns are named event_timestamp"),
        ("rows.csv", "", "Empty CSV file"),
        ("rows.jsonl", '{"user": 1, "item": 2, "event_timestamp": "2026-11-26"}\n', "user"),
        ("rows.jsonl", '{"item": 2, "event_timestamp": "2026-11-26"}\n', "no column user"),
        ("rows.jsonl", '{"user": \n', "JSON"),
        ("rows.parquet", "no parquet", "rows.parquet"),
        ("rows.xlsx", "", "known: .parquet, .csv, .jsonl"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_the_error(tmp_path, name, content, words):
    (tmp_path / name).write_text(content)
    with pytest.raises(EntityRowsError) as error:
        read(tmp_path / name, ALL)
    assert str(tmp_path / name) in str(error.value)
    assert words in str(error.value)


def test_a_file_that_is_not_there_is_no_table_either(tmp_path):
    with pytest.raises(MissingPathError, match="the lake has no table of this name"):
        read(tmp_path / "rows.csv", ALL)


def test_features_have_their_own_names_unless_a_column_has_the_same():
    assert names(ALL, ["user", "visits"]).all == (
        "users__visits", "country", "ratings__score", "seen", "moods__score", "tags",
        "users__status", "users__event_timestamp", "ratings__status", "ratings__event_timestamp",
        "moods__status", "moods__event_timestamp",
    )  # fmt: skip


def test_upper_and_lower_case_do_not_tell_names_apart():
    assert "users__country" in names(ALL, ["COUNTRY"]).selected


def test_all_features_have_full_names_where_these_are_wanted():
    offer = Specification.of(PLAN, "offer", full_names=True)
    assert (names(offer, []).selected, names(offer, []).on_demand) == (("users__country",), (("surprise__surprise",),))


def test_zones_that_are_not_whole_hours_are_converted():
    india = timezone(timedelta(hours=5, minutes=30))
    column = pa.array([NOON.astimezone(india)], pa.timestamp("us", "+05:30"))
    assert normalised(rows(event_timestamp=column), ALL)["event_timestamp"].to_pylist() == [NOON]
