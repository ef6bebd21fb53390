"""The whole pipeline on a small corpus: what ends where, what a second run does, how new files flow through."""

import shutil

import corpus
import pytest

from jobs.invariants import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake

# Differ between two runs over the same input, by design: when, and under which run id.
RUN_COLUMNS = ("run_id", "ingested_at", "recorded_at")


def versions(lake):
    return {name: lake.version(name) for name in lake.tables()}


def content(lake, table):
    """All rows of a table, without what tells one run from another."""
    rows = lake.read(table).drop(*RUN_COLUMNS)
    return sorted(map(repr, rows.toArrow().to_pylist()))


@pytest.fixture(scope="module")
def opened(engine, lake):
    return Lake(lake, engine)


def test_every_record_is_a_document_or_a_reject_with_its_reason(opened):
    reasons = {row.reason: row["count"] for row in opened.read("rejects").groupBy("reason").count().collect()}
    assert reasons == {"malformed_json": 1, "missing_text": 1, "empty": 1, "truncated": 1, "unsupported": 1}
    read = opened.read("inputs").groupBy().sum("rows_read").head()[0]
    assert read == opened.read("documents").count() + 5


def test_all_invariants_hold(opened):
    found = check(opened)
    assert {invariant.name for invariant in found} >= {
        "rows read = documents + rejects",
        "documents = kept + dropped",
        "kept = clean documents + duplicates",
    }


def test_copies_are_dropped_once_each(opened):
    methods = opened.read("duplicates").where("NOT kept").groupBy("method").count().collect()
    dropped = {row.method: row["count"] for row in methods}
    kept = opened.read("decisions").where("kept").count()
    assert dropped["exact"] + dropped["minhash"] == kept - opened.read("clean_documents").count()
    assert dropped["exact"] >= 8
    assert dropped["minhash"] >= 8


def test_personal_data_is_replaced_in_what_goes_on(opened):
    mail = opened.read("documents").where("uri LIKE '%mail.txt'").head()
    assert "anna.schmidt@example.com" in mail.text
    clean = opened.read("clean_documents").where(f"doc_id = '{mail.doc_id}'").head()
    assert "anna.schmidt" not in clean.text
    assert clean.pii == {"email": 1}


def test_a_second_run_on_unchanged_input_commits_nothing(engine, opened, corpus_folder):
    before = versions(opened)
    assert run_stages(engine, corpus.config(opened.root, corpus_folder), Reporter()) == 0
    assert versions(opened) == before


def test_new_files_flow_through_alone(engine, opened, tmp_path):
    folder = shutil.copytree(corpus.make(tmp_path / "first", 40), tmp_path / "corpus")
    lake = Lake(str(tmp_path / "lake"), engine)
    run_stages(engine, corpus.config(lake.root, folder), Reporter())
    before = {name: set(content(lake, name)) for name in ("documents", "tokens", "sequences_causal")}
    old = corpus.prose(3)
    more = "\n".join(map(_line, [corpus.prose(2000), corpus.prose(2001), old]))
    (folder / "more.jsonl").write_text(more)
    run_stages(engine, corpus.config(lake.root, folder), Reporter())
    added = {name: set(content(lake, name)) - rows for name, rows in before.items()}
    assert all(rows <= set(content(lake, name)) for name, rows in before.items())
    assert (len(added["documents"]), len(added["tokens"])) == (3, 2)
    duplicate = (
        lake.read("duplicates").join(lake.read("documents"), "doc_id").where("uri LIKE '%more.jsonl'").collect()
    )
    assert [(row.method, row.kept) for row in duplicate] == [("exact", False)]
    for name in ("documents", "measures", "decisions", "tokens", "sequences_causal"):
        assert lake.last_own_commit(name).metadata.mode == "append"


def _line(text):
    import json

    return json.dumps({"text": text})


def test_a_changed_file_adds_only_what_changed(engine, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    first, second, third = (_line(corpus.prose(number)) for number in range(3))
    (folder / "a.jsonl").write_text(f"{first}\n{second}\n")
    lake = Lake(str(tmp_path / "lake"), engine)
    config = corpus.config(lake.root, folder)
    run_stages(engine, config, Reporter(), ["ingest"])
    (folder / "a.jsonl").write_text(f"{first}\n{second}\n{third}\n")
    run_stages(engine, config, Reporter(), ["ingest"])
    assert lake.read("documents").count() == 3
    assert lake.read("rejects").count() == 0
    check(lake)


def test_another_threshold_reads_no_text_again(engine, lake, corpus_folder, tmp_path):
    copy = Lake(str(shutil.copytree(lake, tmp_path / "lake")), engine)
    before = versions(copy)
    config = corpus.config(copy.root, corpus_folder)
    other = config.model_copy(update={"clean": config.clean.model_copy(update={"policy": "none"})})
    run_stages(engine, other, Reporter())
    changed = {name for name, version in versions(copy).items() if version != before[name]}
    assert not {"documents", "measures", "inputs"} & changed
    assert copy.read("decisions").where("NOT kept").count() == 0
    check(copy)


def test_a_run_over_the_reject_limit_fails_after_committing(engine, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "bad.jsonl").write_text("no json\n" * 3 + _line(corpus.prose(1)) + "\n")
    config = corpus.config(str(tmp_path / "lake"), folder)
    assert run_stages(engine, config, Reporter(), ["ingest"]) == 1
    assert Lake(config.lake, engine).read("rejects").count() == 3
    assert run_stages(engine, config, Reporter(), ["clean"]) == 0  # which read no input
    assert (
        run_stages(
            engine,
            config.model_copy(update={"ingest": config.ingest.model_copy(update={"reject_limit": 0.8})}),
            Reporter(),
            ["ingest"],
        )
        == 0
    )
