"""Upkeep of a lake on an S3 server, as on a local one."""

import time

import pyarrow as pa
import pytest

from jobs.cli import main
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.lock import exclusive
from lake.maintenance.checkpoints import checkpoint
from lake.maintenance.compaction import compact
from lake.maintenance.compaction_plan import Rules
from lake.maintenance.kept_versions import kept
from lake.maintenance.log_retention import cut
from lake.maintenance.pins import PinError, pin, pinned, unpin
from lake.maintenance.vacuum import delete_unreferenced
from pipelines.tables import TOKENS

COMMITS = 15


@pytest.fixture
def lake(bucket):
    """A table of fifteen small files, each of a commit."""
    made = Lake(bucket.uri("lake"))
    empty = dict.fromkeys(TOKENS.schema.names)
    for number in range(COMMITS):
        run = f"tokenize-{number * 2654435761 % 2**64:016x}"
        rows = pa.Table.from_pylist(
            [{**empty, "doc_id": f"{number:02d}{part}", "run_id": run} for part in "ab"], TOKENS.schema
        )
        with exclusive(made.root):
            made.append(rows, TOKENS, CommitMetadata(run, "tokenize", "append", "c", "v", {}, time.time()), None)
    return made


def documents(lake, version=None):
    return Lake(lake.root).read_here("tokens", ["doc_id"], version=version)["doc_id"].to_pylist()


def test_small_files_become_one_and_pinned_versions_stay(lake):
    newest, tenth = documents(lake), documents(lake, 9)
    pin(lake, "tokens", 9, "model 6")
    assert compact(lake, TOKENS, Rules()).into == 1
    assert checkpoint(lake, "tokens")
    keep = kept(lake, "tokens", time.time() + 9, {})
    deleted = delete_unreferenced(lake, "tokens", keep.versions, time.time() + 9, keep.since)
    assert deleted.files == COMMITS - 10
    assert documents(lake) == newest
    assert documents(lake, 9) == tenth
    with pytest.raises(PinError, match="data files are gone"):
        pin(lake, "tokens", 14, "model 7")
    unpin(lake, "model 6")
    assert pinned(lake) == {}


def test_log_entries_before_a_checkpoint_go_and_the_table_is_as_before(lake):
    from jobs.runs import record_runs

    newest = documents(lake)
    with exclusive(lake.root):
        record_runs(lake)
    assert checkpoint(lake, "tokens")
    keep = kept(lake, "tokens", time.time() + 9, {})
    assert cut(lake, "tokens", keep, time.time() + 9).files == COMMITS - 1
    fresh = Lake(lake.root)
    assert documents(fresh) == newest
    assert fresh.last_own_commit("tokens") is not None


def test_beside_a_run_nothing_is_compacted(lake):
    with exclusive(lake.root):
        assert compact(Lake(lake.root), TOKENS, Rules()).left == "a run is at work"
    assert compact(lake, TOKENS, Rules()).into == 1


def test_the_command_keeps_up_a_lake_on_an_object_store(lake, capsys):
    newest = documents(lake)
    assert main(["maintain", lake.root, "--keep-days", "0"]) == 0
    assert "15 -> 1 files" in capsys.readouterr().out
    assert documents(lake) == newest
    assert main(["maintain", lake.root, "--keep-days", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Nothing to do")
