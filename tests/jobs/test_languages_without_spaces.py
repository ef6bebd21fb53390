"""Prose in many scripts, through all stages up to dedup: kept, deduplicated, and measured as the run says."""

import io
import json

import pytest
from prose import prose

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report.collect import collect
from jobs.report.page import render
from lake.lake import Lake

# Words replaced in a second edition of the Chinese and the English text.
EDITED = {
    "zh": {"高山": "雪山", "最早": "最初", "洪水": "水灾", "许多种": "多种", "修建": "建造"},
    "en": {"mountains": "highlands"},
}
ENGLISH = (
    "A river is a natural stream of fresh water that rises in the mountains or in a lake and flows down to the sea or "
    "to another river. The first towns were built on the banks of rivers, because people had to have water for "
    "drinking, for their fields and for their boats. In spring the snow melts and the water rises, and there may be "
    "floods. In a dry summer a small river may be without any water. Fish, birds and plants of many kinds live there. "
    "Today there are dams on many rivers, to make electricity and to store water for the fields."
)


@pytest.fixture(scope="module")
def run(engine, tmp_path_factory):
    """(lake, events) of a run with policy fineweb2."""
    folder = tmp_path_factory.mktemp("languages")
    texts = {**prose(), "en": ENGLISH}
    rows = [{"id": language, "text": text} for language, text in texts.items()]
    for language, words in EDITED.items():
        text = texts[language]
        for word, other in words.items():
            text = text.replace(word, other, 1)
        rows.append({"id": f"{language}, edited", "text": text})
    (folder / "prose.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    source = {"name": "prose", "path": str(folder / "prose.jsonl"), "id_column": "id"}
    config = RunConfig.model_validate(
        {"lake": str(folder / "lake"), "sources": [source], "clean": {"policy": "fineweb2"}}
    )
    written = io.StringIO()
    reporter = Reporter(log_json=True, stream=written)
    assert run_stages(engine, config, reporter, ("ingest", "clean", "dedup")) == 0
    return Lake(config.lake, engine), [json.loads(line) for line in written.getvalue().splitlines()]


def by_id(lake, table):
    """The table's rows by the id that their document came with."""
    named = lake.read("documents").selectExpr("doc_id", "meta['id'] AS id")
    return {row.id: row for row in lake.read(table).join(named, on="doc_id", how="inner").collect()}


def test_good_prose_of_every_language_is_kept(run):
    lake, _ = run
    assert {name: row.reasons for name, row in by_id(lake, "decisions").items() if not row.kept} == {}
    assert {name for name, row in by_id(lake, "documents").items() if row.language != name[:2]} == set()


@pytest.mark.parametrize("language", EDITED)
def test_of_two_editions_one_is_kept(run, language):
    lake, _ = run
    duplicates = by_id(lake, "duplicates")
    first, second = duplicates[language], duplicates[f"{language}, edited"]
    assert first.cluster_id == second.cluster_id
    assert {first.kept, second.kept} == {True, False}


def test_nothing_else_is_a_duplicate(run):
    lake, _ = run
    assert set(by_id(lake, "duplicates")) == {name for code in EDITED for name in (code, f"{code}, edited")}


def test_the_run_says_how_words_were_found_where_they_are_not_between_spaces(run):
    _, events = run
    (said,) = [event["methods"] for event in events if event["event"] == "words"]
    assert {language: method.split()[0] for language, method in said.items()} == {
        "ja": "by", "km": "by", "ko": "cut", "lo": "by", "my": "by", "th": "by", "zh": "by"
    }  # fmt: skip


def test_the_report_says_it_too(run):
    lake, _ = run
    assert "ja, km, lo, my, th, zh by the dictionaries of ICU" in render(collect(lake))
