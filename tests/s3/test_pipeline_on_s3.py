"""The whole pipeline on a lake in a bucket: row for row the lake that the same run makes in a folder."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import corpus
import fault_lakes
import lake_rows
import pytest
from commands import PROJECT, succeed
from conftest import Bucket, new_bucket

from lake.lake import Lake
from pipelines.sequences.reader import Sequences

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")


@dataclass(frozen=True)
class Lakes:
    """The same work on a local lake and on one in a bucket."""

    config: Path
    local: Path
    bucket: Bucket
    uri: str

    @property
    def folder(self) -> Path:
        """The objects of the lake in the bucket, as files."""
        return self.bucket.folder / "lakes" / "one"


@pytest.fixture(scope="module")
def lakes(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    bucket = new_bucket(server)
    made = Lakes(
        fault_lakes.write_config(folder / "run.yaml", folder / "local", corpus.make(folder / "corpus", 60)),
        folder / "local",
        bucket,
        bucket.uri("lakes/one"),
    )
    succeed("run", made.config)
    succeed("run", made.config, "--lake", made.uri)
    return made


def test_every_table_is_row_for_row_that_of_a_local_lake(lakes):
    assert lake_rows.count(lakes.folder) > 500
    assert list(lake_rows.differences(lakes.folder, lakes.local)) == []


def test_nothing_but_the_lake_is_in_the_bucket_and_nothing_is_left_at_work(lakes):
    assert sorted(path.name for path in lakes.bucket.folder.glob("[!.]*")) == ["lakes"]
    expected = {path.name for path in lakes.local.iterdir() if path.name not in ("_lock", "_staging")}
    assert {path.name for path in lakes.folder.iterdir()} - {"_staging"} == expected
    assert not any(path.is_file() for path in (lakes.folder / "_staging").rglob("*"))


def test_a_second_run_commits_nothing(lakes):
    lake = Lake(lakes.uri)
    before = {name: lake.version(name) for name in lake.tables()}
    succeed("run", lakes.config, "--lake", lakes.uri)
    assert {name: lake.version(name) for name in lake.tables()} == before


def test_check_finds_nothing(lakes):
    found = json.loads(succeed("check", lakes.uri, "--json").output)
    assert len(found["findings"]) > 20
    assert [each for each in found["findings"] if not each["holds"]] == []
    assert found["pending"] == []


def test_tables_lists_what_the_local_lake_has(lakes):
    here, there = (json.loads(succeed("tables", lake, "--json").output) for lake in (lakes.local, lakes.uri))
    same = ("table", "version", "rows", "run_id")
    assert [[one[key] for key in same] for one in there] == [[one[key] for key in same] for one in here]


def test_explain_decide_and_report_say_the_same(lakes):
    document = next(iter(lake_rows.read(lakes.local, "clean_documents")["doc_id"].to_pylist()))
    for command in (("explain", document), ("decide", "fineweb")):
        here, there = (
            succeed(command[0], lake, command[1]).output.replace(str(lake), "LAKE")
            for lake in (lakes.local, lakes.uri)
        )
        assert TIME.sub("", there) == TIME.sub("", here)
    succeed("report", lakes.uri)
    assert (lakes.folder / "report" / "index.html").stat().st_size > 10_000


def test_a_program_that_only_reads_sequences_needs_no_setting_but_those_of_the_store(lakes):
    opened = f"Sequences({lakes.uri!r}, 'causal')"
    program = f"from pipelines.sequences.reader import Sequences; print(sum(1 for _ in {opened}.rows()))"
    environment = {name: value for name, value in os.environ.items() if name != "AWS_ALLOW_HTTP"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert int(done.stdout) == lake_rows.read(lakes.local, "sequences_causal").num_rows, done.stderr[-2000:]


def test_sequences_are_read_as_from_a_local_lake(lakes):
    for name in ("causal", "chunks"):
        here, there = (list(Sequences(str(lake), name).rows()) for lake in (lakes.local, lakes.uri))
        assert [row.sequence_id for row in there] == [row.sequence_id for row in here]
        assert all((one.ids == other.ids).all() for one, other in zip(here, there, strict=True))
