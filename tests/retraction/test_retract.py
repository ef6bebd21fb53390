"""A retracted document leaves every table, stays out whatever is read again, and comes back only when asked."""

import json
import shutil

import pytest
from retracted_lakes import MARKER, PeopleLake, secret, text

from jobs.checks.lake import check
from jobs.cli import UsageError
from jobs.commands.explain import trace_document
from jobs.retraction.selection import SelectionError


@pytest.fixture(scope="module")
def made(engine, tmp_path_factory):
    """A lake of all stages. Its texts are gone from where they were read, so copies of both count as moved."""
    lake = PeopleLake(engine, tmp_path_factory.mktemp("people"))
    lake.write("notes.jsonl", text("ferry"), secret(), text("harbour"), text("lighthouse"))
    lake.write("anna.txt", secret("anna of the hills"))
    lake.write("ben.txt", text("bakery"))
    assert lake.run() == 0
    lake.folder.rename(lake.root / "moved")
    return lake


@pytest.fixture
def people(engine, made, tmp_path):
    """The lake and its texts, for one test to change."""
    shutil.copytree(made.lake.root, tmp_path / "lake")
    shutil.copytree(made.root / "moved", tmp_path / "texts")
    return PeopleLake(engine, tmp_path)


def failures(lake):
    return [str(finding) for finding in check(lake) if not finding.holds]


def test_a_retracted_document_leaves_every_table(people):
    (anna,) = [each for each in people.ids(MARKER) if each in people.ids("coast") and each not in people.ids("hills")]
    outcome = people.retract(anna)
    assert list(outcome.selection.selected) == [anna]
    assert not outcome.unfinished
    for table in ("documents", "measures", "decisions", "signatures", "clean_documents", "tokens"):
        assert anna not in [row["doc_id"] for row in people.rows(table)]
    assert all(anna not in row["doc_ids"] for row in people.rows("sequences_causal") + people.rows("sequences_chunks"))
    assert failures(people.lake) == []
    held = {each.table: each for each in outcome.tables}
    assert held["documents"].versions == {0: 1}
    assert held["documents"].free_since == 1
    assert held["sequences_chunks"].free_since == 1
    (reject,) = [row for row in people.rows("rejects") if row["reason"] == "retracted"]
    assert (reject["detail"], reject["sample"]) == (anna, None)
    with pytest.raises(UsageError, match=f"{anna} was retracted on .* UTC \\(--doc-id\\)"):
        trace_document(people.lake, anna[:8])


def test_it_stays_out_when_its_file_is_read_again(people):
    (anna,) = people.ids("anna zwyx")
    people.retract(anna)
    before = people.versions()
    assert people.read() == 0
    assert people.versions() == before
    people.write("notes.jsonl", text("mill"), text("ferry"), secret(), text("harbour"))  # other positions
    assert people.read() == 0
    people.write("renamed.jsonl", text("ferry"), secret())
    assert people.read() == 0
    source = {"name": "texts", "path": str(people.folder), "url_column": "url", "max_document_bytes": 1 << 20}
    assert people.read(sources=[source]) == 0
    assert people.ids("anna zwyx") == []
    assert failures(people.lake) == []
    assert sorted(row["path"] for row in people.rows("rejects")) == ["notes.jsonl", "renamed.jsonl"]


def test_a_source_that_gets_another_name_does_not_bring_it_back(people):
    people.write("eva.jsonl", text("well"), secret("eva"))
    people.write("ivo.txt", secret("ivo"))
    assert people.read() == 0
    people.retract(where=("text LIKE '%eva zwyx%' OR text LIKE '%ivo zwyx%'",))
    people.write("ivo.txt", secret("ivo") + " Edited.")
    assert people.read(sources=[{"name": "crawl", "path": str(people.folder)}]) == 0
    assert people.ids("eva zwyx") + people.ids("ivo zwyx") == []
    assert len(people.ids("well")) == 2  # of both names


def test_a_record_stays_out_though_other_settings_read_another_text_from_it(people):
    people.write(
        "more.jsonl", secret("carl"), text("mill"), other="x", body="carl zwyxquandle lives there, in a house."
    )
    assert people.read() == 0
    (carl,) = people.ids("carl zwyx")
    people.retract(carl)
    source = {"name": "texts", "path": str(people.folder), "text_column": "body"}
    people.read(sources=[source])
    assert len(people.ids("carl zwyx")) == 1  # of the other line: its own text has the word too
    assert people.ids("walked") == people.ids("hills")


def test_a_file_that_is_one_document_stays_out_though_it_is_edited(people):
    (hills,) = people.ids("hills")
    people.retract(hills)
    people.write("anna.txt", secret("anna again"))
    assert people.read() == 0
    assert people.ids("anna again") == []
    assert failures(people.lake) == []


def test_an_address_stays_out_though_its_text_is_edited(people):
    people.write("page.jsonl", secret("dora"), url="https://example.org/dora")
    assert people.read() == 0
    people.retract(*people.ids("dora"))
    people.write("page.jsonl", secret("dora the second"), url="https://example.org/dora")
    people.write("page2.jsonl", text("market"), url="https://example.org/market")
    assert people.read() == 0
    assert people.ids("dora") == []
    assert len(people.ids("market")) == 1


def test_the_line_that_takes_the_place_of_a_retracted_one_is_read(people):
    people.retract(*people.ids("anna zwyx"))
    people.write("notes.jsonl", text("ferry"), text("quay"), text("harbour"), text("lighthouse"))
    assert people.read() == 0
    assert len(people.ids("quay")) == 1


def test_a_whole_file_is_retracted_by_its_uri_with_its_rejects(people):
    (people.folder / "notes.jsonl").write_text(
        json.dumps({"text": text("ferry")}) + f'\n{{"text": "{MARKER} cut off\n'
    )
    assert people.read() == 0
    assert any(MARKER.encode() in (row["sample"] or b"") for row in people.rows("rejects"))
    people.retract(uris=(f"{people.folder}/notes.*",))
    assert [row["sample"] for row in people.rows("rejects")] == [None, None]
    people.write("notes.jsonl", text("something new"))
    assert people.read() == 0
    assert people.ids("something new") == []
    assert failures(people.lake) == []


def test_a_predicate_selects_documents(people):
    outcome = people.retract(where=("source = 'texts' AND text LIKE '%zwyxquandle%'",))
    assert len(outcome.selection.selected) == 2
    assert people.ids(MARKER) == []
    assert {row["selector"] for row in people.rows("retractions")} == {"--where"}  # the predicate names whom to forget


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"where": ("no_such_column = 1",)}, "--where no_such_column = 1"),
        ({"where": ("text = 'nobody wrote this'",)}, "no document and no file"),
        ({"uris": ("/nowhere/*",)}, "no file was read from /nowhere"),
        ({"doc_ids": ("0" * 32,)}, "there is no document 0000"),
    ],
)
def test_a_selection_of_nothing_is_refused_and_changes_nothing(people, asked, message):
    before = people.versions()
    ids = asked.pop("doc_ids", ())
    with pytest.raises(SelectionError, match=message):
        people.retract(*ids, **asked)
    assert people.versions() == before


def test_undo_brings_a_document_back_with_the_next_run(people):
    from jobs.retraction.undo import undo

    before = {row["doc_id"] for row in people.rows("clean_documents")}
    (anna,) = people.ids("anna zwyx")
    people.retract(anna)
    people.write("notes.jsonl", text("mill"), text("ferry"), secret(), text("harbour"), text("lighthouse"))
    assert people.read() == 0  # where the record is met now
    assert undo(people.lake, [anna], []) == [anna]
    assert people.run() == 0
    assert len(people.ids("anna zwyx")) == 1
    assert len(people.rows("clean_documents")) == len(before) + 1  # the mill
    assert [row["reason"] for row in people.rows("rejects")] == []
    assert failures(people.lake) == []


def test_rows_of_sequences_without_the_document_keep_their_bytes_and_order(people):
    (anna,) = people.ids("anna zwyx")
    before = people.rows("sequences_causal")
    people.retract(anna)
    after = {row["sequence_id"]: row for row in people.rows("sequences_causal")}
    untouched = [row for row in before if anna not in row["doc_ids"]]
    assert untouched
    assert [after[row["sequence_id"]] for row in untouched] == untouched


def test_the_second_of_two_copies_is_named_and_leaves_with_its_duplicates(people):
    people.write("copy.jsonl", secret("emma"), secret("emma") + " It was late.", text("mill"))
    other = {"name": "other", "path": str(people.root / "other")}
    (people.root / "other").mkdir()
    (people.root / "other" / "emma.txt").write_text(secret("emma"))
    sources = [{"name": "texts", "path": str(people.folder), "url_column": "url"}, other]
    assert people.run(sources=sources) == 0
    emma, near = [row["doc_id"] for row in people.rows("documents") if row["path"] == "copy.jsonl"][:2]
    (copy,) = [row["doc_id"] for row in people.rows("documents") if row["source"] == "other"]
    outcome = people.retract(emma)
    assert outcome.selection.copies == {copy: "exact", near: "near"}
    assert "WARNING: 2 copies" in "\n".join(outcome.lines())
    assert {row["doc_id"] for row in people.rows("clean_documents")} & {near, copy}
    outcome = people.retract(copy, with_duplicates=True)
    assert set(outcome.selection.selected) == {copy, near}
    assert people.ids("emma") == []
    assert failures(people.lake) == []


def test_exact_copies_in_the_same_source_go_with_a_document(people):
    people.write("copy.jsonl", text("mill"), secret())
    assert people.read() == 0
    one, two = people.ids("anna zwyx")
    outcome = people.retract(two)
    assert list(outcome.selection.covered) == [one]
    assert people.ids("anna zwyx") == []
    assert people.retract(one).selection.known == [one]


def test_retracted_records_do_not_count_for_the_limit_of_rejects(people):
    people.retract(*[row["doc_id"] for row in people.rows("documents") if row["path"] == "notes.jsonl"][:3])
    people.write("notes.jsonl", text("ferry"), secret(), text("harbour"), text("lighthouse"), text("quay"))
    assert people.read(ingest={"reject_limit": 0.1}) == 0


def test_a_retracted_document_leaves_rows_for_masked_language_models(engine, tmp_path):
    special = {"vocab_size": 400, "special_tokens": ["<|endoftext|>", "[CLS]", "[SEP]", "[MASK]"]}
    people = PeopleLake(engine, tmp_path, tokenizer=special, masked=[{"name": "bert", "length": 64}])
    people.write("notes.jsonl", text("ferry"), secret(), text("harbour"), text("lighthouse"))
    assert people.run() == 0
    (anna,) = people.ids(MARKER)
    assert any(anna in row["doc_ids"] for row in people.rows("sequences_bert"))
    outcome = people.retract(anna)
    assert not outcome.unfinished
    assert {doc_id for row in people.rows("sequences_bert") for doc_id in row["doc_ids"]} == set(people.ids("seen by"))
    assert failures(people.lake) == []
    (held,) = [each for each in outcome.tables if each.table == "sequences_bert"]
    assert held.free_since == 1
