"""The stage pairs on a small lake: identities, runs on new, changed, vanished files, interruptions."""

import json
from dataclasses import asdict

import pytest
from bitext.pair_lakes import PairLake

from jobs.checks.lake import check, pending
from jobs.invariants import InvariantError
from jobs.pair_counts import require_identities
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.stages import pair_files, staged_pairs
from jobs.stages.context import StageContext
from pipelines.readers.finding import SourceError
from pipelines.tables import BITEXT, PAIR_INPUTS

FIRST = "Hello there.\tGuten Tag.\nGood night.\tGute Nacht.\nbroken line\n"
SECOND = "See you soon.\tBis bald.\n"
HELLO, NIGHT, SOON = ("Hello there.", "Guten Tag."), ("Good night.", "Gute Nacht."), ("See you soon.", "Bis bald.")


@pytest.fixture
def made(engine, tmp_path):
    return PairLake(engine, tmp_path)


def test_every_record_is_a_clean_pair_or_has_a_reason(made):
    made.run(first=FIRST)
    assert made.clean() == [NIGHT, HELLO]
    assert made.rows("pair_rejects", "path", "position", "reason") == [("first.tsv", 48, "malformed_row")]
    assert made.rows("pair_inputs", "path", "rows_read", "pairs", "rejects") == [("first.tsv", 3, 2, 1)]


def test_all_checks_hold(made):
    found = list(check(made.run(first=FIRST).lake))
    assert {finding.name for finding in found if not finding.holds} == set()
    assert {finding.name for finding in found} >= {
        "records read = pairs + rejects",
        "each kept pair is clean, or a duplicate",
        "source sentences in several groups of the held-out split",
    }


def test_a_second_run_on_the_same_files_commits_nothing(made):
    before = made.run(first=FIRST).versions()
    assert before.keys() == {table.name for table in BITEXT}
    assert made.run().versions() == before


def test_a_new_file_flows_in_alone(made):
    made.run(first=FIRST)
    before = made.rows("clean_pairs", "pair_id", "run_id")
    made.run(second=SECOND)
    assert made.clean() == [NIGHT, HELLO, SOON]
    assert set(before) < set(made.rows("clean_pairs", "pair_id", "run_id"))
    assert [made.mode(table) for table in ("pairs", "pair_measures", "pair_decisions", "clean_pairs")] == [
        "append"
    ] * 4


def test_pairs_of_a_changed_file_leave_and_its_new_ones_come(made):
    made.run(first=FIRST, second=SECOND)
    made.run(first="Good night.\tGute Nacht.\nNew one.\tNeues.\n")
    assert made.clean() == [NIGHT, ("New one.", "Neues."), SOON]
    assert made.rows("pair_rejects", "reason") == []
    assert made.mode("clean_pairs") == "change"


def test_pairs_of_a_vanished_file_leave_every_table(made):
    made.run(first=FIRST, second=SECOND).run(first=None)
    assert made.clean() == [SOON]
    for table in ("pairs", "pair_measures", "pair_decisions"):
        assert len(made.rows(table, "pair_id")) == 1
    assert all(finding.holds for finding in check(made.lake))


def test_a_copy_takes_the_place_of_a_survivor_that_leaves(made):
    made.run(first=FIRST).run(second=FIRST)
    survivors = made.rows("pair_duplicates", "pair_id", "kept")
    assert len(survivors) == 4
    made.run(first=None)
    assert made.clean() == [NIGHT, HELLO]
    assert made.rows("pair_duplicates", "pair_id") == []
    assert made.rows("pairs", "path") == [("second.tsv",)] * 2


def test_without_sources_the_stage_does_nothing(made):
    made.settings["sources"] = []
    assert made.run().versions() == {}


def test_another_policy_decides_again_and_measures_nothing(made):
    made.run(first=FIRST)
    before = made.versions()
    made.settings["policy"] = "hardrules"
    after = made.run().versions()
    assert {name for name in after if after[name] != before[name]} == {
        "pair_decisions",
        "pair_duplicates",
        "clean_pairs",
    }
    assert {reason for (reasons,) in made.rows("pair_decisions", "reasons") for reason in reasons} == {
        "hardrules.too_short:source",
        "hardrules.too_short:target",
    }


@pytest.mark.parametrize("committed", [0, 1, 2])
def test_a_run_that_is_killed_between_its_commits_is_finished_by_the_next_one(made, monkeypatch, committed):
    made.run(first=FIRST)
    exchange, calls = type(made.lake).exchange, []

    def killed(lake, table, *rest):
        if len(calls) == committed:
            raise KeyboardInterrupt
        calls.append(table.name)
        exchange(lake, table, *rest)

    monkeypatch.setattr(type(made.lake), "exchange", killed)
    with pytest.raises(KeyboardInterrupt):
        made.run(second=SECOND)
    monkeypatch.undo()
    assert pending(made.lake)[0] == "a reading of sentence pairs was interrupted between two commits"
    assert all(finding.holds for finding in check(made.lake))
    (made.folder / "second.tsv").write_text("Changed meanwhile.\tInzwischen anders.\n")
    made.run()
    assert made.clean() == [("Changed meanwhile.", "Inzwischen anders."), NIGHT, HELLO]
    assert all(finding.holds for finding in check(made.lake))
    assert staged_pairs.unfinished(made.lake) is None


def test_a_manifest_comes_back_as_it_was_kept(made):
    made.run(first=FIRST)
    manifest = staged_pairs.PairManifest(
        "pairs-0123456789abcdef", 1.5, "hash", tuple(made.lake.files("pairs")), (), ({"path": "a"},), (("s", "p"),)
    )
    manifest.save(made.lake)
    assert asdict(staged_pairs.unfinished(made.lake)) == asdict(manifest)
    assert json.loads(made.lake.storage.read_text("_pairs/manifest.json"))["run_id"] == manifest.run_id
    assert staged_pairs.staged(made.lake)["pairs"] == {file.path for file in made.lake.files("pairs")}


def test_lost_rows_are_found_by_the_stage_itself(made):
    made.run(first=FIRST)
    files = made.lake.files("pairs")
    metadata = made.lake.last_own_commit("pairs").metadata
    made.lake.change(
        next(table for table in BITEXT if table.name == "pairs"), files, [], metadata, made.lake.version("pairs")
    )
    run = StageContext(made.lake, made.engine, made.config(), Reporter())
    with pytest.raises(InvariantError, match="records read = pairs \\+ rejects: 3 ≠ 1"):
        require_identities(run)


def test_a_file_that_could_not_be_read_is_tried_again(made, monkeypatch):
    made.run(first=FIRST, second=SECOND)
    inputs = pair_files._known(made.lake)
    assert [row["retry"] for row in inputs.values()] == [False, False]
    assert made.lake.schema(PAIR_INPUTS.name).field("retry").type == "bool"
    listed = pair_files.list_pair_files(made.config().pairs.sources[0])
    known = {("test", "second.tsv"): {**inputs["test", "second.tsv"], "retry": True}}
    assert [pair_files._is_known(each, {**inputs, **known}, False) for each in listed] == [True, False]


def test_a_run_that_rejects_more_than_it_may_exits_1_with_its_tables_committed(made):
    (made.folder / "first.tsv").write_text("one\ntwo\nthree\tdrei\n")
    assert run_stages(made.engine, made.config(), Reporter(), ("pairs",), conclude=False) == 1
    assert made.clean() == [("three", "drei")]
    assert run_stages(made.engine, made.config(), Reporter(), ("pairs",), conclude=False) == 0


def test_messages_without_translation_do_not_count_as_faults(made):
    (made.folder / "de.po").write_text('msgid "a"\nmsgstr ""\n\nmsgid "b"\nmsgstr ""\n\nmsgid "c"\nmsgstr "d"\n')
    assert made.run().clean() == [("c", "d")]


def test_a_source_that_lost_most_of_its_many_files_is_left_as_it_was(made):
    made.run(**{f"f{number}": f"Sentence {number}.\tSatz {number}.\n" for number in range(120)})
    before = made.versions()
    for number in range(110):
        (made.folder / f"f{number}.tsv").unlink()
    with pytest.raises(SourceError, match=r"110 of 120 files are gone, such as f0\.tsv"):
        made.run()
    assert made.versions() == before
    made.settings["delete_limit"] = 1
    assert len(made.run().clean()) == 10
