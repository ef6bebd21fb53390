"""Passages in runs of the stages: documents arrive, change and leave; thresholds and settings change."""

import json

import pytest
from passages import plain_passages
from passages.passage_lakes import ALL_KINDS, Collection, by_address, texts

from jobs.checks.lake import check
from jobs.commands.explain import trace_document
from jobs.invariants import count, invariants
from lake.lake import Lake

RAIN = "It rains in the town. The river rises fast."
MENU = "Home\nAbout us\n"


@pytest.fixture
def collection(engine, tmp_path):
    return Collection(engine, tmp_path)


def pages(*words):
    """Pages of one site with a menu, each with a text of its own."""
    own = {word: f"{MENU}Here we write about {word}. We like {word} more than others do." for word in words}
    return {f"http://www.shop.org/{word}": text for word, text in own.items()}


def modes(lake, table):
    """Modes of a table's commits, first to last."""
    return [commit.metadata.mode for commit in lake.commits(table)][::-1]


def sound(lake):
    """Every check of the lake passes, and what repeats is what the definitions say of the documents that are there."""
    assert [str(finding) for finding in check(lake) if not finding.holds] == []
    signed = {row["doc_id"]: row for row in lake.read("signatures").toArrow().to_pylist()}
    documents = {row["doc_id"]: row for row in lake.read("documents").select("doc_id", "text").toArrow().to_pylist()}
    found = {row["doc_id"]: row for row in lake.read("passages").toArrow().to_pylist(maps_as_pydicts="strict")}
    placed = [
        {
            **documents[key],
            "site": found[key]["site"],
            "batch": signed[key]["batch"],
            "order": (signed[key]["batch"], -signed[key]["priority"], -signed[key]["length"], key),
        }
        for key in found
    ]
    expected = plain_passages.repeats(placed, ALL_KINDS["sentences"]["window"])
    assert {key: row["repeats"] for key, row in found.items()} == expected


def test_a_later_document_loses_what_an_earlier_one_says(collection):
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody goes out."})
    collection.run()
    collection.write("second", {"http://two.org/": f"He wrote this. {RAIN.upper()} That was all."})
    lake = collection.run()
    assert texts(lake) == {
        "http://one.org/": f"{RAIN} Nobody goes out.",
        "http://two.org/": "He wrote this. That was all.",
    }
    assert modes(lake, "passages") == modes(lake, "clean_documents") == ["rebuild", "append"]
    assert by_address(lake, "clean_documents")["http://two.org/"]["rewritten"] == {"sentences": 44}
    sound(lake)


def test_what_a_document_that_left_said_first_belongs_to_the_next_one(collection):
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody goes out."})
    collection.run()
    collection.write("second", {"http://two.org/": f"He wrote this. {RAIN} That was all."})
    collection.write("third", {"http://three.org/": f"And now this. {RAIN} Nothing more."})
    collection.write("other", pages("tea", "salt"))
    collection.run()
    collection.leave("first")
    lake = collection.run()
    left = texts(lake)
    assert sorted(text for address, text in left.items() if "shop" not in address) in (
        ["And now this. Nothing more.", f"He wrote this. {RAIN} That was all."],
        [f"And now this. {RAIN} Nothing more.", "He wrote this. That was all."],
    )
    assert modes(lake, "passages")[-1] == modes(lake, "clean_documents")[-1] == "change"
    assert lake.last_own_commit("passages").rows_out == 2  # no others are written again
    sound(lake)


def test_lines_of_a_site_go_from_pages_that_come_when_they_are_on_enough_of_them(engine, tmp_path):
    collection = Collection(engine, tmp_path, {"boilerplate": {}})
    collection.write("first", pages("tea", "salt"))
    collection.run()
    collection.write("second", pages("oil", "rice"))
    lake = collection.run()
    with_menu = {address[20:]: text.startswith(MENU) for address, text in texts(lake).items()}
    assert with_menu == {"tea": True, "salt": True, "oil": False, "rice": False}  # the policy asks for three pages
    measured = by_address(lake, "passages")
    assert {address[20:]: row["site_pages"] for address, row in measured.items()} == {
        "tea": 2, "salt": 2, "oil": 4, "rice": 4,
    }  # fmt: skip


def test_a_document_that_changed_is_compared_anew(collection):
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody goes out."})
    collection.write("second", {"http://two.org/": f"He wrote this. {RAIN} That was all. He said no more."})
    collection.run()
    collection.write("second", {"http://two.org/": "He wrote something else. Nobody knows what."})
    lake = collection.run()
    assert texts(lake) == {
        "http://one.org/": f"{RAIN} Nobody goes out.",
        "http://two.org/": "He wrote something else. Nobody knows what.",
    }
    sound(lake)


def test_a_document_of_which_too_little_is_left_is_dropped_and_counted(engine, tmp_path):
    collection = Collection(engine, tmp_path, min_sentences=3)
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody goes out. So it is."})
    collection.write("second", {"http://two.org/": f"{RAIN} Two."})
    lake = collection.run()
    assert sorted(texts(lake)) == ["http://one.org/"]
    decision = by_address(lake, "passage_decisions")["http://two.org/"]
    assert (decision["kept"], decision["reasons"]) == (False, ["passages.too_few_sentences"])
    names = [str(each) for each in invariants(count(lake)) if "dropped for their passages" in each.name]
    assert names == ["kept = clean documents + duplicates + dropped for their passages: 2 = 2"]
    sound(lake)


def test_a_document_of_which_passages_and_overlaps_together_leave_nothing_is_dropped(collection):
    question = "Which of the seven rivers of the old kingdom did the traveller cross before the winter came?"
    collection.rewrite, collection.benchmark = ["decontamination"], question
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody goes out."})
    collection.run()
    collection.write(
        "second", {"http://two.org/": f"{question} {RAIN}", "http://three.org/": f"{question} {RAIN} More."}
    )
    lake = collection.run()
    left = texts(lake)
    assert left["http://three.org/"] == "More."
    assert "http://two.org/" not in left
    assert by_address(lake, "passage_decisions")["http://two.org/"]["reasons"] == ["passages.empty"]
    assert [str(finding) for finding in check(lake) if not finding.holds] == []


def test_another_threshold_decides_anew_and_compares_nothing(collection):
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody.", "http://two.org/": f"He. {RAIN} Wrote."})
    before = collection.run()
    versions = {table: before.version(table) for table in ("decisions", "signatures", "passages")}
    collection.thresholds["sentences"] = False
    lake = collection.run()
    assert sorted(texts(lake).values()) == sorted([f"{RAIN} Nobody.", f"He. {RAIN} Wrote."])
    assert {table: lake.version(table) for table in versions} == versions
    assert modes(lake, "passage_decisions") == modes(lake, "clean_documents") == ["rebuild", "rebuild"]


def test_nothing_new_commits_nothing(collection):
    collection.write("first", {"http://one.org/": RAIN})
    tables = collection.run().tables()
    versions = {name: Lake(str(collection.folder / "lake"), collection.engine).version(name) for name in tables}
    lake = collection.run()
    assert {name: lake.version(name) for name in tables} == versions


def test_switched_off_again_every_text_is_whole(collection):
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody.", "http://two.org/": f"He. {RAIN} Wrote."})
    collection.run()
    collection.passages = {}
    lake = collection.run()
    whole = sorted([f"{RAIN} Nobody.", f"He. {RAIN} Wrote."])
    assert sorted(texts(lake).values()) == whole
    assert [lake.rows(name) for name in ("passages", "passage_decisions")] == [0, 0]
    collection.write("second", {"http://three.org/": f"More. {RAIN} Of it."})
    lake = collection.run()
    assert len(texts(lake)) == 3
    assert [str(finding) for finding in check(lake) if not finding.holds] == []
    collection.passages = dict(ALL_KINDS)
    lake = collection.run()
    assert sorted(texts(lake).values()) != whole
    sound(lake)


def test_a_lake_from_before_passages_gets_them(collection):
    collection.passages = {}
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody.", "http://two.org/": f"He. {RAIN} Wrote."})
    lake = collection.run()
    assert not {"passages", "passage_decisions"} & set(lake.tables())
    clusters = lake.version("duplicates")
    collection.passages = dict(ALL_KINDS)
    lake = collection.run()
    assert sorted(texts(lake).values()) == [f"He. {RAIN} Wrote.", "Nobody."]
    assert lake.version("duplicates") == clusters
    sound(lake)


def test_explain_and_the_report_tell_what_went(engine, tmp_path, capsys):
    from jobs.commands.explain import _print
    from jobs.funnel import lines
    from jobs.report.collect import collect

    collection = Collection(engine, tmp_path, min_sentences=3)
    collection.write("first", {"http://one.org/": f"{RAIN} Nobody goes out. So it is."})
    collection.write("second", {"http://two.org/": f"{RAIN} Two."})
    lake = collection.run()
    trace = trace_document(lake, by_address(lake, "documents")["http://two.org/"]["doc_id"])
    _print(trace)
    shown = " ".join(capsys.readouterr().out.split())
    assert "passages shared with others: 43 characters in sentences; dropped by passages.too_few_sentences" in shown
    assert "removed sentences 0–43 in 2 documents" in shown
    json.dumps(trace, default=str)
    data = collect(lake)
    assert data.total.kept == 1
    assert data.total.repeating == {"passages.too_few_sentences": 1}
    assert any("passages.too_few_sentences" in line for line in lines(data))
