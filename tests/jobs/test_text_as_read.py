"""Which texts a policy delivers: as they were read, or as its passes rewrote them."""

import io
import json
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tricky_text import texts

from jobs.commands import decide, explain
from jobs.config import RunConfig
from jobs.invariants import InvariantError, count, invariants, require
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.policies.files import load
from pipelines.tables import CLEAN_DOCUMENTS, MEASURES

STAGES = ("ingest", "clean", "dedup")

FILES = {
    "code.md": "# Title\n\nUse it:\n\n    def f(argv):\n        x, y = argv[1], []\n        return x\n\nIt prints.\n",
    "chinese.txt": "老渡船每天早晨载着邮件和牛奶过河，孩子们坐在船头的长凳上。\n",
    "japanese.txt": "春はあけぼの\nやうやう白くなりゆく山ぎは\n少し明かりて\n",
    "poem.txt": "The fog comes\non little cat feet.\n\nIt sits looking\nover harbor and city\n",
    "menu.txt": "Home\nAbout us\nContact\n",
    "letter.txt": "Write to anna.schmidt@example.com today. It is schÃ¶n here [1], they say.\n",
    "script.py.txt": "import sys\r\n\r\nif __name__ == '__main__':\r\n\tprint(sys.argv[1], {})\r\n",
}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text, "utf-8", newline="")
    return made


@pytest.fixture
def lines_policy(tmp_path):
    """Path of a policy of C4's line rules alone."""
    path = tmp_path / "lines.yaml"
    path.write_text("order: []\nrewrite: [c4_lines]\n", "utf-8")
    return str(path)


def config(folder, policy="none", **clean):
    return RunConfig.model_validate(
        {
            "lake": str(folder.parent / "lake"),
            "sources": [{"name": "texts", "path": str(folder)}],
            "clean": {"policy": policy, **clean},
            "tokenizer": {"vocab_size": 300},
            "pack": [{"length": 64}],
        }
    )


def run(engine, config, stages=STAGES):
    assert run_stages(engine, config, Reporter(stream=io.StringIO()), stages, conclude=False) == 0
    return Lake(config.lake, engine)


def clean(lake):
    """File name -> row of clean_documents."""
    return {file_name(row): row for row in lake.read("clean_documents").join(origins(lake), "doc_id").collect()}


def origins(lake):
    return lake.read("documents").select("doc_id", "uri")


def file_name(row):
    return row.uri.rpartition("/")[2]


def test_policy_none_delivers_code_verse_and_every_script_as_they_were_read(engine, folder):
    rows = clean(run(engine, config(folder)))
    assert {name: row.text for name, row in rows.items()} == FILES
    assert {row.characters for row in rows.values()} == {len(text) for text in FILES.values()}
    assert all(row.rewritten == {} for row in rows.values())


def test_what_configuration_asks_for_is_done_under_policy_none_too(engine, folder):
    rows = clean(run(engine, config(folder, pii={"kinds": ["email"]}, repair={"enabled": True})))
    assert rows["letter.txt"].text == "Write to <EMAIL> today. It is schön here [1], they say.\n"
    assert rows["letter.txt"].rewritten == {"repair": 1, "pii": 17}
    assert rows["code.md"].text == FILES["code.md"]


def test_a_text_of_which_the_line_rules_leave_nothing_is_dropped_with_that_reason(engine, folder, lines_policy):
    lake = run(engine, config(folder, lines_policy))
    assert clean(lake)["letter.txt"].text == "Write to anna.schmidt@example.com today. It is schÃ¶n here , they say."
    dropped = lake.read("decisions").where("NOT kept").join(origins(lake), "doc_id").collect()
    assert {file_name(row) for row in dropped} == {"chinese.txt", "japanese.txt", "menu.txt"}
    assert all(row.reasons == ["text.empty"] for row in dropped)
    assert lake.read("clean_documents").where("text = '' OR characters = 0").count() == 0


def test_another_policy_brings_the_texts_back_without_measuring_them_again(engine, folder, lines_policy):
    lake = run(engine, config(folder, lines_policy))
    measured = lake.version("measures")
    run(engine, config(folder))
    assert {name: row.text for name, row in clean(lake).items()} == FILES
    assert lake.version("measures") == measured


def test_texts_are_those_of_the_policy_that_decided(engine, folder, lines_policy):
    lake = run(engine, config(folder))
    decide.apply(lake, decide.propose(lake, load(lines_policy)))
    run(engine, config(folder), ["dedup"])
    assert set(clean(lake)["letter.txt"].rewritten) == {"c4_lines"}


def test_duplicates_are_searched_in_the_texts_that_are_delivered(engine, folder, lines_policy):
    line = "This line of one page stands on the other page too."
    (folder / "one.txt").write_text(f"Home\n{line}\n")
    (folder / "other.txt").write_text(f"{line}\nAbout us\n")
    lake = run(engine, config(folder))
    assert lake.read("duplicates").where("NOT kept").count() == 0
    run(engine, config(folder, lines_policy))
    assert [row.method for row in lake.read("duplicates").where("NOT kept").collect()] == ["exact"]


def test_a_story_tells_which_passes_rewrote_a_text_and_how_much(engine, folder, lines_policy, capsys):
    lake = run(engine, config(folder, lines_policy, repair={"enabled": True}))
    story = {file_name(row): explain.trace_document(lake, row.doc_id) for row in origins(lake).collect()}
    assert story["letter.txt"]["rewriting"] == {"c4_lines": 4, "repair": 1}
    assert story["menu.txt"]["rewriting"] == {"c4_lines": len(FILES["menu.txt"])}
    explain._print(story["letter.txt"])
    assert "rewriting: c4_lines removed 4 characters, repair removed 1 characters of 74" in capsys.readouterr().out


def test_an_empty_clean_document_breaks_an_invariant(engine, folder):
    lake = run(engine, config(folder))
    rows = lake.read("clean_documents").toArrow()
    emptied = rows.set_column(rows.schema.get_field_index("characters"), "characters", [[0] * rows.num_rows])
    last = lake.last_own_commit("clean_documents").metadata
    lake.overwrite(emptied.cast(CLEAN_DOCUMENTS.schema), CLEAN_DOCUMENTS, last, lake.version("clean_documents"))
    with pytest.raises(InvariantError, match="no clean document is empty: 7 ≠ 0"):
        require(lake.root, invariants(count(lake)))


@pytest.mark.parametrize(("limit", "warns"), [(0.3, True), (0.9, False)])
def test_a_run_warns_when_rewriting_removed_more_than_the_limit(engine, folder, lines_policy, limit, warns):
    said = io.StringIO()
    (folder / "page.txt").write_text("Home\n" * 200 + "This is the one line of the page that stays here.\n")
    assert run_stages(engine, config(folder, lines_policy, rewrite_limit=limit), Reporter(stream=said)) == 0
    assert ("warning: rewriting removed" in said.getvalue()) == warns
    assert ("in language en, more than clean.rewrite_limit (30%)" in said.getvalue()) == warns


@pytest.fixture(scope="module")
def any_texts():
    """Texts as hypothesis thinks them up, for one lake."""
    found = []

    @settings(
        max_examples=200,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts)
    def collect(text):
        found.append(text)

    collect()
    return found


def test_any_text_is_delivered_as_read_under_none_and_never_empty_under_passes(
    engine, tmp_path, any_texts, lines_policy
):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "any.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in any_texts), "utf-8")
    lake = run(engine, config(folder))
    read = {row.doc_id: row.text for row in lake.read("documents").select("doc_id", "text").collect()}
    delivered = {row.doc_id: row.text for row in lake.read("clean_documents").collect()}
    assert len(delivered) > 100
    assert delivered == {doc_id: read[doc_id] for doc_id in delivered}
    run(engine, config(folder, lines_policy, pii={"placeholders": {"email": ""}}))
    rows = lake.read("clean_documents").collect()
    assert rows
    for row in rows:
        assert row.text
        assert row.characters == len(row.text) == len(read[row.doc_id]) - sum(row.rewritten.values())


def test_texts_that_an_earlier_version_measured_are_decided_as_they_were_and_said_to_be(engine, folder, capsys):
    lake = run(engine, config(folder))
    columns = ("c4_fineweb", "c4_size", "c4_text")
    earlier = lake.read("measures").drop(*columns).toArrow()
    for name in columns:
        field = MEASURES.schema.field(name)
        earlier = earlier.append_column(field, pa.nulls(earlier.num_rows, field.type))
    last = lake.last_own_commit("measures").metadata
    before = replace(last, run_id="before", detail={})
    lake.overwrite(earlier.select(MEASURES.schema.names), MEASURES, before, lake.version("measures"))
    proposal = decide.propose(lake, load("fineweb"))
    assert {row.change for row in proposal.changes} == {"dropped"}
    decide.show(proposal)
    assert "an earlier version measured some of these texts" in capsys.readouterr().out
