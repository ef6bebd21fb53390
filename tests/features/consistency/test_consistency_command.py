"""`tokenlake features check`: an exit status for alerts, words that lead to the fault, a table and metrics."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.consistency.record import FEATURE_CONSISTENCY, METRICS
from features.definition.view import EVENT_TIMESTAMP
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from jobs.cli import main
from jobs.commands.features.check import TimeError, since_us
from tests.features.consistency.both_stores import PLAN, BothStores
from tests.features.feature_lake import DAY, START

GLOBEX = {"client_id": "globex"}


@pytest.fixture
def stores(tmp_path: Path, store: str) -> Iterator[BothStores]:
    """Tables, and a store with a plan that was filled from them."""
    made = BothStores(tmp_path, store)
    publish_plan(parse_address(store), PLAN)
    made.lake.storage.write_text("features/plan.json", PLAN.to_json())
    made.materialize()
    yield made
    made.reader.close()


def check(stores: BothStores, store: str, *options: str) -> int:
    """The exit status of the command, without lag."""
    return main(["features", "check", stores.lake.root, *options, "--online", store, "--lag", "0"])


def outdate(stores: BothStores) -> None:
    """Adds a row to a table that is not materialized."""
    stores.add("client_profile", {**GLOBEX, "tier": "premium", EVENT_TIMESTAMP: START + DAY})


def test_a_sound_store_passes(stores: BothStores, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(stores, store) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "online and offline agree"
    assert any(re.fullmatch(r"client_profile +16 +16 +0 +0", line) for line in lines)  # 4 answers, 4 features


def test_a_fault_fails_and_names_feature_and_key(
    stores: BothStores, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outdate(stores)
    assert check(stores, store) == 1
    out = capsys.readouterr().out
    assert (
        "client_profile.tier: of 4 answers, 2 are from an older row than the table's; for example "
        "client_id='globex' at "
    ) in out
    assert "(by name): served 'free', table 'premium', event time 2026-11-01T12:00:00Z" in out
    assert out.endswith("3 limits exceeded\n")


def test_a_share_of_faults_may_be_allowed(stores: BothStores, store: str) -> None:
    outdate(stores)
    assert check(stores, store, "--max-stale", "0.5") == 0
    assert check(stores, store, "--max-stale", "0.49") == 1


def test_lost_packed_rows_are_a_note_or_a_failure(
    stores: BothStores, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stores.by_hand.call(b"DEL", stores.by_hand.packed_key("translation_request", "client_profile", **GLOBEX))
    words = "client_profile: 1 of 2 packed rows are lost or older than Feast's layout"
    assert check(stores, store) == 0
    assert f"note: {words}" in capsys.readouterr().out
    assert check(stores, store, "--max-unpacked", "0") == 1
    assert capsys.readouterr().out.count(words) == 1


def test_only_the_views_that_are_named_are_compared(
    stores: BothStores, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outdate(stores)
    assert check(stores, store, "segment_memory", "client_allowance", "--json") == 0
    views = {each["view"] for each in json.loads(capsys.readouterr().out)["features"]}
    assert views == {"segment_memory", "client_allowance"}
    assert check(stores, store, "client_profile") == 1
    assert check(stores, store, "clients") == 2


def test_each_check_adds_a_row_for_each_feature_to_the_table(stores: BothStores, store: str) -> None:
    check(stores, store)
    outdate(stores)
    check(stores, store)
    table = stores.lake.read_here(FEATURE_CONSISTENCY.name, FEATURE_CONSISTENCY.schema.names)
    rows = [row for row in table.to_pylist() if (row["view"], row["feature"]) == ("client_profile", "tier")]
    rows.sort(key=lambda row: row["checked_at"])
    assert [(row["compared"], row["equal"], row["stale"], row["failures"]) for row in rows] == [
        (4, 4, 0, 0),
        (4, 2, 2, 1),
    ]
    assert rows[0]["run_id"] != rows[1]["run_id"]
    assert (rows[1]["answers_from"], rows[1]["plan"]) == ("store", PLAN.fingerprint)
    assert json.loads(rows[1]["examples"])[0]["keys"] == GLOBEX


def test_the_counts_are_metrics(stores: BothStores, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    outdate(stores)
    assert check(stores, store, "--prometheus") == 1
    text = (Path(stores.lake.root) / METRICS).read_text()
    assert capsys.readouterr().out == text
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    answers = "tokenlake_features_consistency_answers"
    assert samples[f'{answers}{{view="client_profile",feature="tier",verdict="stale"}}'] == "2"
    assert samples[f'{answers}{{view="client_profile",feature="tier",verdict="missing"}}'] == "0"
    assert samples["tokenlake_features_consistency_failures"] == "3"


def test_the_metrics_can_be_parsed(stores: BothStores, store: str) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    check(stores, store)
    families = list(text_string_to_metric_families((Path(stores.lake.root) / METRICS).read_text()))
    assert len(families) == 6
    assert all(family.documentation and family.type == "gauge" for family in families)


def test_a_log_is_checked_without_the_store(stores: BothStores, capsys: pytest.CaptureFixture[str]) -> None:
    stores.ask("mixture", {"source": ["web"]})
    log = str(stores.log.folder)
    assert main(["features", "check", stores.lake.root, "--request-log", log, "--lag", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["answers_from"], found["failures"]) == ("log", [])
    assert {each["view"]: each["compared"] for each in found["features"]} == {"source_quality": 1}


def test_a_lake_without_a_plan_is_told_so(stores: BothStores, capsys: pytest.CaptureFixture[str]) -> None:
    stores.lake.storage.delete("features/plan.json")
    assert main(["features", "check", stores.lake.root, "--request-log", str(stores.folder)]) == 2
    assert "run `tokenlake features apply` first" in capsys.readouterr().err


def test_a_store_without_a_plan_is_told_so(stores: BothStores, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    stores.by_hand.call(b"FLUSHALL")
    assert check(stores, store) == 2
    assert "features apply" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90m", datetime(2026, 11, 26, 10, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 19, 12, tzinfo=UTC)),
        ("2026-11-26T10:30Z", datetime(2026, 11, 26, 10, 30, tzinfo=UTC)),
        ("2026-11-26T11:30+01:00", datetime(2026, 11, 26, 10, 30, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 26, tzinfo=UTC)),
    ],
)
def test_times_are_absolute_or_so_long_ago(text: str, moment: datetime) -> None:
    now = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()) * 1_000_000
    assert since_us(text, now) == int(moment.timestamp()) * 1_000_000


@pytest.mark.parametrize("text", ["yesterday", "-1h", "1y", ""])
def test_other_words_are_no_time(text: str) -> None:
    with pytest.raises(TimeError, match="is no time"):
        since_us(text, 0)
