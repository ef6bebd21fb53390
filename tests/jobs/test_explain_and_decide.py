"""A document's story, and what another policy would change: `explain` and `decide` without their session."""

import argparse
import json
import shutil
from io import StringIO

import corpus
import pytest

from jobs.cli import UsageError
from jobs.commands import decide, explain
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.policies.files import load


@pytest.fixture(scope="module")
def opened(engine, lake):
    return Lake(lake, engine)


@pytest.fixture
def copy(engine, lake, tmp_path):
    """A lake to change."""
    return Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)


def versions(lake):
    return {name: lake.version(name) for name in lake.tables()}


@pytest.fixture(scope="module")
def kept(opened):
    """The story of a document that went all the way."""
    mail = opened.read("documents").where("uri LIKE '%mail.txt'").head()
    return explain.trace_document(opened, mail.doc_id)


@pytest.fixture(scope="module")
def dropped(opened):
    """The story of a document that some rule dropped."""
    row = opened.read("decisions").where("NOT kept").orderBy("doc_id").head()
    return explain.trace_document(opened, row.doc_id)


@pytest.fixture(scope="module")
def duplicate(opened):
    """The story of a near copy that another document stands for."""
    row = opened.read("duplicates").where("NOT kept AND method = 'minhash'").orderBy("doc_id").head()
    return explain.trace_document(opened, row.doc_id)


def test_a_kept_documents_story_goes_from_its_origin_to_its_sequences(kept):
    document = kept["document"]
    assert (document["source"], document["position"]) == ("corpus", 0)
    assert document["uri"].endswith("/mail.txt")
    assert kept["decisions"]["kept"]
    assert kept["clean_documents"]["pii"] == {"email": 1}
    assert kept["tokens"]["n_tokens"] > 0
    assert set(kept["sequences"]) == {"sequences_causal", "sequences_chunks"}
    assert all(rows for rows in kept["sequences"].values())


def test_every_rule_of_the_policy_is_told_with_value_and_threshold(kept):
    policy = load("technical")
    assert [rule["rule"] for rule in kept["rules"]] == [rule.reason for rule in policy.active()]
    words = next(rule for rule in kept["rules"] if rule["rule"] == "gopher_quality.short_doc")
    assert words["value"] == kept["measures"]["gopher_quality"]["words"]
    assert (words["fails_when"], words["threshold"], words["failed"]) == ("<", 50, False)
    assert not any(rule["failed"] for rule in kept["rules"])


def test_a_documents_pieces_in_a_table_cover_its_tokens(opened, kept):
    doc_id, tokens = kept["document"]["doc_id"], kept["tokens"]["n_tokens"]
    for table, rows in kept["sequences"].items():
        ids = {row["sequence_id"] for row in rows}
        packed = [row for row in opened.read(table).collect() if row.sequence_id in ids]
        pieces = sum(
            length
            for row in packed
            for length, owner in zip(row.doc_lengths, row.doc_ids, strict=True)
            if owner == doc_id
        )
        assert pieces == tokens + 1  # and the separator


def test_a_dropped_documents_story_names_each_failed_rule(dropped):
    failed = [rule for rule in dropped["rules"] if rule["failed"]]
    assert [rule["rule"] for rule in failed] == dropped["decisions"]["reasons"]
    assert all(rule["value"] is not None and rule["threshold"] is not None for rule in failed)
    assert dropped["clean_documents"] is dropped["tokens"] is dropped["duplicates"] is None
    assert not any(dropped["sequences"].values())


def test_a_duplicates_story_shows_its_cluster_survivor_first(duplicate):
    doc_id = duplicate["document"]["doc_id"]
    survivor, second, *_ = duplicate["cluster"]
    assert survivor["kept"]
    assert survivor["doc_id"] == duplicate["duplicates"]["cluster_id"] != doc_id
    assert second["doc_id"] == doc_id
    assert 0.5 < second["similarity"] < 1
    assert len(duplicate["cluster"]) == duplicate["duplicates"]["cluster_size"]
    assert duplicate["decisions"]["kept"]
    assert duplicate["clean_documents"] is None


def test_the_time_of_ingest_is_in_utc(opened, kept):
    doc_id = kept["document"]["doc_id"]
    seconds = (
        opened.read("documents").where(f"doc_id = '{doc_id}'").selectExpr("unix_micros(ingested_at) AS at").head()
    )
    ingested_at = kept["document"]["ingested_at"]
    assert ingested_at.utcoffset().total_seconds() == 0
    assert round(ingested_at.timestamp() * 1e6) == seconds.at


def test_a_story_is_json(kept):
    assert json.loads(json.dumps(kept, default=str))["tokens"]["n_tokens"] == kept["tokens"]["n_tokens"]


@pytest.mark.parametrize(
    ("story", "lines"),
    [
        ("kept", ["rules of technical@", ": kept", "duplicates none", "personal data replaced: 1 email", "train #"]),
        ("dropped", [": dropped, first by ", "✗ ", "duplicates not compared: the rules dropped it"]),
        ("duplicate", [": dropped (minhash)", "\n  kept ", "\n▸ minhash "]),
    ],
)
def test_a_story_is_printed_for_people(request, capsys, monkeypatch, story, lines):
    monkeypatch.setenv("COLUMNS", "80")
    explain._print(request.getfixturevalue(story))
    output = capsys.readouterr().out
    for line in lines:
        assert line in output
    rules = output[output.index("fails when") :].partition("\n\n")[0]
    assert max(map(len, rules.splitlines())) <= 80


def test_the_beginning_of_an_id_is_enough(opened, kept):
    doc_id = kept["document"]["doc_id"]
    assert explain._document(opened, doc_id[:12])["doc_id"] == doc_id


def test_a_beginning_that_several_ids_share_is_refused_with_some_of_them(opened):
    ids = sorted(row.doc_id for row in opened.read("documents").select("doc_id").collect())
    with pytest.raises(UsageError, match=f"more than one doc_id begins with '': {ids[0]}, {ids[1]}, {ids[2]}, …"):
        explain.trace_document(opened, "")


@pytest.mark.parametrize(
    "doc_id", ["no-such-id", "' OR '1' = '1", '"', "\\", "%", "0'; DROP TABLE documents; --", "é"]
)
def test_an_id_that_is_none_is_refused_whatever_it_holds(opened, doc_id):
    with pytest.raises(UsageError, match="no doc_id begins with "):
        explain.trace_document(opened, doc_id)


def test_a_lake_of_one_stage_tells_what_it_has(engine, lake, kept, tmp_path):
    shutil.copytree(f"{lake}/documents", tmp_path / "documents")
    story = explain.trace_document(Lake(str(tmp_path), engine), kept["document"]["doc_id"])
    assert set(story) == {"document", "semantics", "sequences"}
    explain._print(story)


# decide


def test_what_would_change_is_counted_and_nothing_is_changed(opened):
    before = versions(opened)
    proposal = decide.propose(opened, load("none"))
    assert proposal.kept == opened.read("decisions").where("kept").count()
    assert proposal.restored == opened.read("decisions").where("NOT kept").count() > 0
    assert proposal.dropped == 0
    assert {row.change for row in proposal.changes} == {"restored"}
    assert versions(opened) == before


def test_the_counts_are_those_of_the_decisions_it_would_make(opened):
    proposal = decide.propose(opened, load("fineweb"))
    after = proposal.decisions.where("kept").count()
    assert proposal.dropped > 0
    assert after == proposal.kept - proposal.dropped + proposal.restored


def test_the_policy_in_force_changes_nothing(opened):
    proposal = decide.propose(opened, load("technical"))
    assert (proposal.changes, proposal.work.mode) == ([], "nothing")
    assert decide.apply(opened, proposal) is None


def test_applying_commits_one_version_of_decisions_and_its_run(copy):
    before = versions(copy)
    proposal = decide.propose(copy, load("none"))
    commit = decide.apply(copy, proposal)
    after = before | {"decisions": before["decisions"] + 1, "runs": before["runs"] + 1}
    assert versions(copy) == after
    assert (commit.table, commit.version) == ("decisions", before["decisions"] + 1)
    assert copy.read("decisions").where("NOT kept").count() == 0
    assert decide.apply(copy, decide.propose(copy, load("none"))) is None
    changed = next(row.doc_id for row in copy.read("decisions", before["decisions"]).where("NOT kept").collect())
    traced = explain.trace_document(copy, changed)
    assert traced["decisions"]["policy"] == load("none").label
    assert not any(rule["failed"] for rule in traced["rules"])


@pytest.mark.parametrize(("policy", "told"), [("technical", True), ("none", False)])
def test_a_run_says_that_its_configuration_replaces_an_applied_policy(copy, corpus_folder, policy, told):
    decide.apply(copy, decide.propose(copy, load("none")))
    config = corpus.config(copy.root, corpus_folder)
    config = config.model_copy(update={"clean": config.clean.model_copy(update={"policy": policy})})
    said = StringIO()
    assert run_stages(copy.engine, config, Reporter(stream=said), ["clean"], conclude=False) == 0
    note = f"note: decided again with {load('technical').label}, which the configuration names"
    assert (note in said.getvalue()) is told
    assert (load("none").label in said.getvalue()) is told
    assert copy.read("decisions").select("policy").distinct().head().policy == load(policy).label


def test_a_lake_without_decisions_is_refused(engine, lake, tmp_path):
    shutil.copytree(f"{lake}/documents", tmp_path / "documents")
    with pytest.raises(UsageError, match="nothing is decided there yet"):
        decide.propose(Lake(str(tmp_path), engine), load("none"))


def test_what_would_change_is_printed_within_80_columns(opened, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    proposal = decide.propose(opened, load("fineweb"))
    decide.show(proposal)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{load('fineweb').label}: kept {proposal.kept:,} -> ")
    assert lines[0] == "passes that rewrite kept texts: repair, pii -> c4_lines, repair, pii"
    assert len(lines) == len(proposal.changes) + 3
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)


@pytest.mark.parametrize(
    ("apply", "said"), [(False, "Nothing is committed; add --apply"), (True, "Committed version 1 of decisions.")]
)
def test_the_command_says_what_it_did(copy, capsys, monkeypatch, apply, said):
    from contextlib import nullcontext

    # The session of the tests in place of one of the command's own, which would end it.
    monkeypatch.setattr(decide, "opened", lambda root, engine, reporter: nullcontext((copy, copy.engine)))
    assert (
        decide.decide(argparse.Namespace(lake=copy.root, policy="none", apply=apply, engine=None), reporter=None) == 0
    )
    assert said in capsys.readouterr().out
