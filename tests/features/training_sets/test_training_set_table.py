"""Training sets in a lake: the hand-made histories of `feature_lake`, values by hand, versions, what is refused."""

import csv
from datetime import UTC, datetime

import feature_lake
import pyarrow as pa
import pytest
from feature_lake import DAY, DRINGLICH, HOUR, START

from features.catalogue.catalogue import CATALOGUE
from features.plan import Plan, PlanError
from features.training_sets.inputs import Request, VersionError
from features.training_sets.specification import EntityRowsError, Specification
from features.training_sets.table import make, statuses
from lake.commits import CommitMetadata
from lake.lake import Lake
from pipelines.errors import MissingPathError, MisuseError
from pipelines.tables import TIMESTAMP, Table

PLAN = Plan.of(CATALOGUE)
PRESENT, NULL_VALUE, NOT_FOUND, OUTSIDE_MAX_AGE = 1, 2, 3, 4


@pytest.fixture
def lake(engine, tmp_path):
    """Histories of every view."""
    feature_lake.write(tmp_path / "lake")
    return Lake(str(tmp_path / "lake"), engine)


def request(service, entities, name="it", known_at=None, plan=PLAN, **versions):
    """A request for a training set of a service."""
    return Request(name, Specification.of(plan, service, known_at), str(entities), versions, plan.fingerprint)


def write_csv(path, rows):
    """A CSV file of rows with equal keys; times in ISO 8601."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def joined(lake, tmp_path, service, rows, **options):
    """The rows of a training set, in the order of the entity rows."""
    numbered = [{**row, "n": number} for number, row in enumerate(rows)]
    made = make(lake, request(service, write_csv(tmp_path / "rows.csv", numbered), **options), 2)
    table = made.commit.table
    return sorted(lake.read_here(table, lake.schema(table).names).to_pylist(), key=lambda row: row["n"])


def test_a_source_is_as_it_was_at_each_time(lake, tmp_path):
    rows = [{"source": "web", "event_timestamp": START + after} for after in (-HOUR, 0 * HOUR, 36 * HOUR, 5 * DAY)]
    found = joined(lake, tmp_path, "mixture", rows)
    assert [row["documents"] for row in found] == [None, 100, 120, 140]
    assert [row["source_quality__status"] for row in found] == [NOT_FOUND, PRESENT, PRESENT, PRESENT]
    assert [row["source_quality__event_timestamp"] for row in found] == [None, START, START + DAY, START + 2 * DAY]


def test_a_row_that_came_late_counts_only_once_it_was_known_where_that_is_wanted(lake, tmp_path):
    """120 documents were true on the second day, and known on the fourth."""
    rows = [{"source": "web", "event_timestamp": START + after} for after in (36 * HOUR, 5 * DAY)]
    of_row = joined(lake, tmp_path, "mixture", rows, known_at="row")
    assert [row["documents"] for row in of_row] == [100, 140]
    third_day = int((START + 2.5 * DAY).timestamp() * 1_000_000)
    assert [row["documents"] for row in joined(lake, tmp_path, "mixture", rows, known_at=third_day)] == [100, 140]


def test_values_older_than_their_view_allows_are_left_out(lake, tmp_path):
    """`source_quality` counts for 90 days; the books were last counted 100 days before the start."""
    rows = [{"source": "books", "event_timestamp": START + after} for after in (-15 * DAY, -10 * DAY, -9 * DAY)]
    found = joined(lake, tmp_path, "mixture", rows)
    assert [row["documents"] for row in found] == [7, 7, None]
    assert [row["source_quality__status"] for row in found] == [PRESENT, PRESENT, OUTSIDE_MAX_AGE]
    assert found[2]["source_quality__event_timestamp"] == START - 100 * DAY


def test_an_entity_that_is_gone_has_nulls_from_then_on(lake, tmp_path):
    rows = [{"doc_id": "d2", "event_timestamp": START + after} for after in (DAY, 3 * DAY)]
    found = joined(lake, tmp_path, "curation", rows)
    assert [row["size_characters"] for row in found] == [80, None]
    assert [row["reasons"] for row in found] == [["size.min", "c4.lorem_ipsum"], None]
    assert [row["document_state__status"] for row in found] == [PRESENT, NULL_VALUE]


def test_of_two_rows_with_one_event_time_the_last_created_holds(lake, tmp_path):
    row = {"domain": "acme", "term": DRINGLICH, "source_language": "de", "target_language": "en"}
    (found,) = joined(lake, tmp_path, "terminology", [{**row, "event_timestamp": START}])
    assert (found["forbidden"], found["note"]) == (["haste", "hurry"], "in medicine")
    (known,) = joined(lake, tmp_path, "terminology", [{**row, "event_timestamp": START}], known_at="row")
    assert (known["forbidden"], known["note"]) == (["haste"], None)


REQUEST = {"source_language": "de", "target_language": "en", "client_id": "acme", "source_characters": 100}


def test_features_on_demand_are_computed_from_what_was_found_and_from_the_row(lake, tmp_path):
    rows = [
        {**REQUEST, "event_timestamp": START + 30 * HOUR},  # usage of the first hour: older than a day
        {**REQUEST, "event_timestamp": START + 2 * HOUR, "source_language": "xx"},
    ]
    found = joined(lake, tmp_path, "translation_request", rows)
    assert [row["expected_target_characters"] for row in found] == [100 * 0.93, None]
    assert [row["target_token_limit"] for row in found] == [int(100 * (0.93 + 3 * 0.2) / 4.5) + 16, None]
    assert [row["remaining_characters"] for row in found] == [5_000_000, 5_000_000 - 90_000]


def test_rows_that_repeat_or_have_a_null_key_are_kept_each(lake, tmp_path):
    rows = [{**REQUEST, "event_timestamp": START + HOUR} for _ in range(3)]
    rows += [{**REQUEST, "event_timestamp": START + HOUR, "client_id": ""}] * 2  # an empty field is null
    found = joined(lake, tmp_path, "translation_request", rows)
    assert [row["tier"] for row in found] == ["premium"] * 3 + [None] * 2
    assert [row["pairs"] for row in found] == [1000] * 5
    assert [row["client_profile__status"] for row in found] == [PRESENT] * 3 + [NOT_FOUND] * 2


def test_times_are_whole_seconds_as_the_online_store_has_them(lake, tmp_path):
    half = START.replace(microsecond=500_000)
    feature_lake.append(lake, "client_usage", [{"client_id": "new", "event_timestamp": START, "last_request": half}])
    rows = [{**REQUEST, "client_id": "new", "event_timestamp": START}]
    assert joined(lake, tmp_path, "translation_request", rows)[0]["last_request"] == START


def test_the_same_inputs_commit_nothing_and_a_new_row_a_version(lake, tmp_path):
    file = write_csv(tmp_path / "rows.csv", [{"source": "web", "event_timestamp": START + 9 * DAY}])
    first, again = make(lake, request("mixture", file), 2), make(lake, request("mixture", file), 2)
    assert (first.is_new, first.commit.version) == (True, 0)
    assert (again.is_new, again.commit.version) == (False, 0)
    feature_lake.append(
        lake, "source_quality", [{"source": "web", "event_timestamp": START + 8 * DAY, "documents": 9}]
    )
    second = make(lake, request("mixture", file), 2)
    assert (second.is_new, second.commit.version) == (True, 1)
    assert second.commit.metadata.inputs == {"features_source_quality": 1}
    assert [lake.read_here("training_set_it", ["documents"], version=n)["documents"][0].as_py() for n in (0, 1)] == [
        140,
        9,
    ]


@pytest.mark.parametrize("change", ["known_at", "full_names", "file", "service"])
def test_other_wishes_commit_a_version(lake, tmp_path, change):
    rows = [{"source": "web", "event_timestamp": START, **REQUEST}]
    file = write_csv(tmp_path / "rows.csv", rows)
    make(lake, request("mixture", file), 2)
    specification = Specification.of(PLAN, "mixture", "row" if change == "known_at" else None, change == "full_names")
    if change == "file":
        write_csv(file, rows * 2)
    if change == "service":
        specification = Specification.of(PLAN, "translation_request")
    made = make(lake, Request("it", specification, str(file), {}, PLAN.fingerprint), 2)
    assert (made.is_new, made.commit.version) == (True, 1)
    assert lake.rows("training_set_it") == (2 if change == "file" else 1)


def test_the_commit_tells_what_a_version_was_made_from(lake, tmp_path):
    file = write_csv(tmp_path / "rows.csv", [{"source": "web", "event_timestamp": START}])
    metadata = make(lake, request("mixture", file, known_at="row"), 2).commit.metadata
    assert metadata.inputs == {"features_source_quality": 0}
    assert (metadata.rows_in, metadata.rows_out) == (1, 1)
    assert {key: metadata.detail[key] for key in ("service", "plan", "known_at", "entities")} == {
        "service": "mixture", "plan": PLAN.fingerprint, "known_at": "row", "entities": str(file),
    }  # fmt: skip


def test_a_pinned_version_is_read_though_the_table_has_grown(lake, tmp_path):
    file = write_csv(tmp_path / "rows.csv", [{"source": "web", "event_timestamp": START + 9 * DAY}])
    feature_lake.append(
        lake, "source_quality", [{"source": "web", "event_timestamp": START + 8 * DAY, "documents": 9}]
    )
    made = make(lake, request("mixture", file, source_quality=0), 2)
    assert made.commit.metadata.inputs == {"features_source_quality": 0}
    assert lake.read_here("training_set_it", ["documents"])["documents"].to_pylist() == [140]


def test_entity_rows_can_be_a_table_of_the_lake_at_a_version(lake):
    table = Table(
        "labels",
        key=(),
        schema=pa.schema([("event_timestamp", TIMESTAMP), ("source", pa.string()), ("a.b", pa.bool_())]),
    )
    for number, source in enumerate(("web", "books")):
        rows = pa.Table.from_pylist([{"source": source, "event_timestamp": START, "a.b": True}], schema=table.schema)
        metadata = CommitMetadata(f"labels-{number:016x}", "labels", "append", "", "", {}, 0.0)
        lake.append(rows, table, metadata, number - 1)
    make(lake, request("mixture", "labels", labels=0), 2)
    assert lake.read_here("training_set_it", ["source", "a.b", "documents"]).to_pylist() == [
        {"source": "web", "a.b": True, "documents": 100}
    ]
    newest = make(lake, request("mixture", "labels"), 2)
    assert newest.commit.metadata.inputs == {"features_source_quality": 0, "labels": 1}
    assert newest.commit.rows_out == 2


def test_in_a_view_without_a_table_nothing_is_found(engine, tmp_path):
    feature_lake.write(tmp_path / "lake", ["client_profile", "language_pair_statistics"])
    lake = Lake(str(tmp_path / "lake"), engine)
    made = make(
        lake,
        request("translation_request", write_csv(tmp_path / "rows.csv", [{**REQUEST, "event_timestamp": START}])),
        2,
    )
    assert made.inputs.missing == ("client_usage",)
    counts = statuses(lake, Specification.of(PLAN, "translation_request"), made.commit)
    assert {view: [status.name for status, count in each.items() if count] for view, each in counts.items()} == {
        "language_pair_statistics": ["PRESENT"], "client_profile": ["PRESENT"], "client_usage": ["NOT_FOUND"],
    }  # fmt: skip


def test_no_rows_make_an_empty_table(lake, tmp_path):
    (tmp_path / "rows.csv").write_text("source,event_timestamp\n")
    made = make(lake, request("mixture", tmp_path / "rows.csv"), 2)
    assert made.commit.rows_out == 0
    assert "documents" in lake.schema("training_set_it").names


def test_nothing_stays_behind_in_the_lake_after_a_failure(lake, tmp_path):
    file = write_csv(tmp_path / "rows.csv", [{"source": "web", "event_timestamp": "never"}])
    with pytest.raises(EntityRowsError):
        make(lake, request("mixture", file), 2)
    assert not lake.exists("training_set_it")
    assert not list((tmp_path / "lake" / "_staging").glob("*"))


@pytest.mark.parametrize(
    ("error", "words", "service", "options"),
    [
        (PlanError, "no feature service 'none'", "none", {}),
        (MisuseError, "lower-case letters", "mixture", {"name": "My Set"}),
        (VersionError, "source_quality=7: no such version; the newest of features", "mixture", {"source_quality": 7}),
        (VersionError, "--version client_usage: not read", "mixture", {"client_usage": 0}),
        (MissingPathError, "no.csv: no such file, and the lake has no table", "mixture", {"entities": "no.csv"}),
    ],
)
def test_a_request_that_cannot_be_met_says_why(lake, tmp_path, error, words, service, options):
    file = write_csv(tmp_path / "rows.csv", [{"source": "web", "event_timestamp": START}])
    with pytest.raises(error) as raised:
        make(lake, request(service, **{"entities": file, **options}), 2)
    assert words in str(raised.value)


def test_a_table_that_lacks_a_feature_is_named_before_anything_is_computed(lake, tmp_path):
    schema = pa.schema([field for field in lake.schema("features_source_quality") if field.name != "tokens"])
    metadata = CommitMetadata("features-00000000000000ff", "features", "rebuild", "", "", {}, 0.0)
    lake.overwrite(schema.empty_table(), Table("features_source_quality", (), schema), metadata, 0)
    file = write_csv(tmp_path / "rows.csv", [{"source": "web", "event_timestamp": START}])
    with pytest.raises(VersionError, match="features_source_quality has no tokens in version 1"):
        make(lake, request("mixture", file), 2)
    assert make(lake, request("mixture", file, source_quality=0), 2).is_new


def test_dates_far_from_now_can_be_asked_for(lake, tmp_path):
    years = [datetime(year, 1, 1, tzinfo=UTC) for year in (1, 1969, 9999)]
    found = joined(lake, tmp_path, "mixture", [{"source": "web", "event_timestamp": year} for year in years])
    assert [row["source_quality__status"] for row in found] == [NOT_FOUND, NOT_FOUND, OUTSIDE_MAX_AGE]
