"""What a step has to do follows from the last commit of its output."""

import shutil
from dataclasses import replace

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from jobs.runs import record_failure, record_runs
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import plan
from pipelines.semantics import Semantics
from pipelines.tables import CLEAN_DOCUMENTS, TOKENS


@pytest.fixture
def lake(engine, tmp_path):
    return Lake(str(tmp_path / "lake"), engine)


def rows(table, run_id, *ids):
    empty = dict.fromkeys(table.schema.names)
    return pa.Table.from_pylist([{**empty, "doc_id": each, "run_id": run_id} for each in ids], table.schema)


def add_input(lake, name, *ids, mode="append"):
    """Commits clean documents as another step would."""
    note = CommitMetadata(name, "dedup", mode, "c", "v", {}, 0.0)
    (lake.append if mode == "append" else lake.overwrite)(
        rows(CLEAN_DOCUMENTS, name, *ids), CLEAN_DOCUMENTS, note, lake.version("clean_documents")
    )


FIRST = Semantics("encoding", {1: "it began"})
SECOND = Semantics("encoding", {1: "it began", 2: "numbers are split"})


def work_on(lake, config="one", semantics=FIRST, **options):
    return plan(lake, "tokenize", TOKENS, ["clean_documents"], config, semantics, **options)


def carry_out(lake, work):
    seen = sorted(row.doc_id for row in work.read(lake, "clean_documents").collect())
    return seen, work.commit(lake, rows(TOKENS, work.run_id, *seen))


def test_the_first_time_everything_is_read(lake):
    add_input(lake, "run-1", "a", "b")
    work = work_on(lake)
    seen, commit = carry_out(lake, work)
    assert (work.mode, seen, commit.rows_out, work.rows_in) == ("rebuild", ["a", "b"], 2, 2)


@pytest.mark.parametrize("config", ["one", "other"])
def test_of_two_commits_planned_at_once_one_wins_and_the_other_says_what_to_do(lake, config):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b")
    first = work_on(lake)
    add_input(lake, "run-3", "c")
    second = work_on(lake, config)  # would add, or replace by, what the first adds
    carry_out(lake, first)
    with pytest.raises(RuntimeError, match="another run committed meanwhile; run the command again"):
        carry_out(lake, second)
    assert sorted(row.doc_id for row in lake.read("tokens").collect()) == ["a", "b"]
    carry_out(lake, work_on(lake))
    assert sorted(row.doc_id for row in lake.read("tokens").collect()) == ["a", "b", "c"]


def test_unchanged_input_is_no_work(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    assert work_on(lake).mode == "nothing"


def test_new_rows_flow_through_alone(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b")
    work = work_on(lake)
    seen, _ = carry_out(lake, work)
    assert (work.mode, seen, work.rows_in) == ("append", ["b"], 1)
    assert lake.read("tokens").count() == 2


def test_another_configuration_rebuilds(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b")
    work = work_on(lake, "two")
    seen, _ = carry_out(lake, work)
    assert (work.mode, seen) == ("rebuild", ["a", "b"])
    assert lake.read("tokens").count() == 2


def test_a_rebuilt_input_rebuilds_the_output(lake):
    add_input(lake, "run-1", "a", "b")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b", mode="rebuild")
    work = work_on(lake)
    seen, _ = carry_out(lake, work)
    assert (work.mode, seen) == ("rebuild", ["b"])


def test_an_input_that_was_deleted_and_made_again_rebuilds_the_output(lake):
    for number in range(3):
        add_input(lake, f"run-{number}", f"a{number}")
    carry_out(lake, work_on(lake))
    shutil.rmtree(lake.path("clean_documents"))
    add_input(Lake(lake.root, lake.engine), "run-3", "b")
    again = Lake(lake.root, lake.engine)
    work = work_on(again)
    seen, _ = carry_out(again, work)
    assert (work.mode, seen) == ("rebuild", ["b"])
    assert work.why == "tokens is made anew: clean_documents was deleted and made again"


def test_a_foreign_commit_that_changes_rows_rebuilds_the_output(lake):
    add_input(lake, "run-1", "a", "b")
    carry_out(lake, work_on(lake))
    DeltaTable(lake.path("clean_documents")).delete("doc_id = 'a'")
    work = work_on(lake)
    assert work.mode == "rebuild"
    assert work.why == "tokens is made anew: another program changed clean_documents (DELETE, version 1)"


def test_compaction_is_no_work(lake):
    add_input(lake, "run-1", "a")
    add_input(lake, "run-2", "b")
    carry_out(lake, work_on(lake))
    DeltaTable(lake.path("clean_documents")).optimize.compact()
    assert work_on(lake).mode == "nothing"


def test_the_same_work_committed_twice_is_there_once(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b")
    work = work_on(lake)
    carry_out(lake, work)
    version = lake.version("tokens")
    carry_out(lake, work)
    assert lake.version("tokens") == version
    assert lake.read("tokens").count() == 2


def test_going_back_to_an_earlier_configuration_is_new_work(lake):
    add_input(lake, "run-1", "a")
    names = {carry_out(lake, work_on(lake, config))[1].metadata.run_id for config in ("one", "two", "one")}
    assert len(names) == 3
    assert lake.version("tokens") == 2


def test_a_new_version_of_the_step_rebuilds_and_says_why(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    work = work_on(lake, semantics=SECOND)
    seen, commit = carry_out(lake, work)
    assert (work.mode, seen, commit.metadata.semantics) == ("rebuild", ["a"], (2,))
    assert work.why == (
        "tokens is made anew: encoding is at version 2 now (numbers are split), and there are rows of version 1; "
        "--keep-old would keep them"
    )
    assert work_on(lake, semantics=SECOND).mode == "nothing"


def test_an_older_version_of_the_step_rebuilds_too(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake, semantics=SECOND))
    assert work_on(lake).mode == "rebuild"


def test_rows_from_before_versions_were_recorded_are_rebuilt(lake):
    add_input(lake, "run-1", "a")
    work = work_on(lake)
    lake.append(rows(TOKENS, work.run_id, "a"), TOKENS, replace(work.metadata(), detail={}), -1)
    again = work_on(lake)
    assert (again.mode, "rows of version 0" in again.why) == ("rebuild", True)


def test_old_rows_that_are_kept_make_no_work(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    assert work_on(lake, semantics=SECOND, keep_old=True).mode == "nothing"


def test_beside_old_rows_that_are_kept_new_ones_are_of_the_new_version_and_the_commit_names_both(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b")
    work = work_on(lake, semantics=SECOND, keep_old=True)
    seen, commit = carry_out(lake, work)
    assert (work.mode, work.why, seen, commit.metadata.detail["semantics"]) == ("append", "", ["b"], "1,2")
    assert work_on(lake, semantics=SECOND, keep_old=True).mode == "nothing"
    assert work_on(lake, semantics=SECOND).mode == "rebuild"


def test_keeping_old_rows_does_not_keep_those_of_other_settings(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    work = work_on(lake, "two", SECOND, keep_old=True)
    assert (work.mode, work.why) == ("rebuild", "tokens is made anew: its settings have changed")


def test_rows_from_before_versions_were_recorded_are_kept_whatever_their_settings_but_not_through_later_changes(lake):
    add_input(lake, "run-1", "a")
    work = work_on(lake, "of another kind")
    lake.append(rows(TOKENS, work.run_id, "a"), TOKENS, replace(work.metadata(), detail={}), -1)
    add_input(lake, "run-2", "b")
    work = work_on(lake, keep_old=True)
    _, commit = carry_out(lake, work)
    assert (work.mode, commit.metadata.semantics) == ("append", (0, 1))
    assert work_on(lake, "two", keep_old=True).mode == "rebuild"


def test_what_the_caller_found_changed_rebuilds_and_is_said(lake):
    add_input(lake, "run-1", "a")
    carry_out(lake, work_on(lake))
    work = work_on(lake, changed="the moon is full")
    assert (work.mode, work.why) == ("rebuild", "tokens is made anew: the moon is full")


def test_replaced_rows_leave_the_others_in_place_and_read_as_an_append(lake):
    add_input(lake, "run-1", "a", "b")
    carry_out(lake, work_on(lake))
    add_input(lake, "run-2", "b", "c")
    work = work_on(lake)
    commit = work.replace(lake, pa.array(["b"]), work.write(lake, rows(TOKENS, work.run_id, "b", "c")))
    assert {row.doc_id: row.run_id == work.run_id for row in lake.read("tokens").collect()} == {
        "a": False,
        "b": True,
        "c": True,
    }
    assert (commit.metadata.mode, commit.rows_out, commit.version) == ("append", 2, 1)


def test_every_commit_becomes_one_row_of_runs(lake):
    add_input(lake, "run-1", "a")
    _, commit = carry_out(lake, work_on(lake))
    assert record_runs(lake) == 2
    assert record_runs(lake) == 0
    row = lake.read("runs").where("table = 'tokens'").head()
    assert (row.run_id, row.status, row.rows_in, row.rows_out, row.inputs) == (
        commit.metadata.run_id,
        "done",
        1,
        1,
        {"clean_documents": 0},
    )


def test_a_failure_is_recorded_with_its_error(lake):
    add_input(lake, "run-1", "a")
    record_failure(lake, "clean", ValueError("broken"))
    record_runs(lake)
    failed = lake.read("runs").where("status = 'failed'").head()
    assert (failed.stage, failed.detail) == ("clean", {"error": "ValueError: broken"})
    assert lake.read("runs").where("status = 'done'").count() == 1
