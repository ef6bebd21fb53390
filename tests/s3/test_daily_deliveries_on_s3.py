"""Days of deliveries in a bucket: what a day holds, and what a run of a day asks the store for."""

import json
import shutil
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from commands import succeed
from conftest import new_bucket

from jobs.dates import done
from lake.lake import Lake
from pipelines.readers.config import SourceConfig
from pipelines.readers.finding import find, root_of

FRIDAY = date(2026, 11, 20)
FILES = (
    "in/2026-11-19/a.jsonl",
    "in/2026-11-20/b.jsonl",
    "in/2026-11-20/deep/c.jsonl",
    "in/2026-02-30/d.jsonl",
    "in/latest/e.jsonl",
)


@pytest.fixture
def delivered(bucket):
    for name in FILES:
        path = bucket.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"text": f"What {name} says."}) + "\n")
    return bucket


@pytest.mark.parametrize(
    ("path", "all_days", "friday"),
    [
        ("in/{date}", ["2026-11-19/a.jsonl", "2026-11-20/b.jsonl", "2026-11-20/deep/c.jsonl"], 2),
        ("in/{date}/*.jsonl", ["2026-11-19/a.jsonl", "2026-11-20/b.jsonl"], 1),
        ("in/{date}/b.jsonl", ["2026-11-20/b.jsonl"], 1),
        ("in/{date}/**/c.jsonl", ["2026-11-20/deep/c.jsonl"], 1),
    ],
)
def test_a_day_is_a_part_of_all_days_under_the_same_paths(delivered, path, all_days, friday):
    config = SourceConfig(name="web", path=delivered.uri(path))
    assert [each.relative for each in find(config)] == all_days
    assert [each.relative for each in find(config, day=FRIDAY)] == all_days[-friday:]
    assert find(config, day=date(2026, 11, 21)) == []


def test_of_a_day_only_its_own_prefix_is_listed(delivered, proxy):
    for number in range(40):
        folder = delivered.folder / "in" / str(FRIDAY - timedelta(number))
        folder.mkdir(exist_ok=True)
        (folder / "more.jsonl").write_text("{}")
    for path, names in (("in/{date}", 3), ("in/{date}/*.jsonl", 2)):
        proxy.seen.clear()
        config = SourceConfig(name="web", path=delivered.uri(path))
        assert len(find(config, root_of(config), day=FRIDAY)) == names
        queries = [parse_qs(urlsplit(request.path).query) for request, _ in proxy.seen]
        prefixes = {query["prefix"][0] for query in queries if "prefix" in query}
        assert prefixes
        assert all(prefix.startswith("in/2026-11-20") for prefix in prefixes)


def test_days_one_by_one_make_the_rows_of_one_run_and_a_day_that_is_gone_is_retracted(server, delivered, tmp_path):
    config = tmp_path / "daily.yaml"
    sources = [{"name": "web", "path": delivered.uri("in/{date}")}]
    config.write_text(yaml.safe_dump({"sources": sources, "lake": delivered.uri("lake")}))
    whole = new_bucket(server).uri("lake")
    for day in ("2026-11-20", "2026-11-19", "2026-11-20", "2026-11-21"):
        succeed("stage", "ingest", config, "--date", day)
    succeed("stage", "ingest", config, "--lake", whole)
    lake = Lake(delivered.uri("lake"))
    columns = ["doc_id", "source", "path", "uri", "position", "text", "language", "meta"]
    rows = [sorted(map(repr, each.read_here("documents", columns).to_pylist())) for each in (lake, Lake(whole))]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 3
    assert done(lake, "ingest") == {date(2026, 11, 19), FRIDAY}
    shutil.rmtree(delivered.folder / "in" / "2026-11-20")
    succeed("stage", "ingest", config, "--date", "2026-11-20")
    assert lake.read_here("documents", ["path"])["path"].to_pylist() == ["2026-11-19/a.jsonl"]
