"""What deduplication looks at and what goes on, as Spark frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tricky_text import texts

from pipelines.pii.spans import KINDS, PLACEHOLDERS, PiiConfig
from pipelines.policies.files import load, names
from pipelines.policies.policy import Policy
from pipelines.tables import CLEAN_DOCUMENTS
from pipelines.text.finalize import FinalizeConfig, Finalized, finalize
from pipelines.text.repair import RepairConfig
from pipelines.urls.url_lists import UrlConfig

NOTHING = FinalizeConfig(repair=False, pii=())

# doc_id -> the text as read, and what C4's line rules leave of it where they change it
TEXTS = {
    "a": ("Write to me@example.com or you@example.org.", None),
    "b": ("dropped by a rule", None),
    "c": ("a duplicate that does not survive", None),
    "d": ("menu\nschÃ¶n und gut", "schÃ¶n und gut"),
    "e": ("nothing to say of it", None),
}
URLS = {"a": "http://bad.example.com/x", "b": "http://good.org/", "c": None, "d": "http://bad.com", "e": ""}
LINES = Policy(name="lines", order=(), rewrite=("c4_lines",))
MEASURES = (
    "doc_id string, source string, language string, url string, text string, c4_text string, "
    "size struct<characters: long>, c4_size struct<characters: long>"
)


@pytest.fixture(scope="module")
def lake(spark):
    """The tables' rows, cut down to the columns that are looked at."""
    measures = [
        (i, "web", "en", URLS[i], read, left, (len(read),), (len(left or read),)) for i, (read, left) in TEXTS.items()
    ]
    duplicates = [("c", False, "a"), ("d", True, "a")]
    return {
        "measures": spark.createDataFrame(measures, MEASURES),
        "decisions": spark.createDataFrame([(i, i != "b") for i in TEXTS], "doc_id string, kept boolean"),
        "duplicates": spark.createDataFrame(duplicates, "doc_id string, kept boolean, component_id string"),
    }


def kept(lake, policy):
    from pipelines.text.spark import candidates

    return candidates(lake["measures"], lake["decisions"], policy)


def clean(lake, policy, config, spans=None):
    from pipelines.text.spark import clean_documents

    frame = clean_documents(kept(lake, policy), lake["duplicates"], config, "run-1", spans).frame()
    assert frame.columns == CLEAN_DOCUMENTS.schema.names
    return {row.doc_id: row.asDict() for row in frame.collect()}


def test_deduplication_looks_at_the_texts_as_read_of_what_the_rules_kept(lake):
    rows = kept(lake, load("none")).collect()
    assert {row.doc_id: row.text for row in rows} == {i: read for i, (read, _) in TEXTS.items() if i != "b"}


def test_deduplication_looks_at_what_c4_leaves_where_the_policy_has_its_line_rules(lake):
    found = {row.doc_id: (row.text, row.c4_removed) for row in kept(lake, LINES).collect()}
    assert found["d"] == (TEXTS["d"][1], 5)
    assert found["e"] == (TEXTS["e"][0], None)


def test_one_of_each_cluster_goes_on_repaired_and_without_personal_data(lake):
    rows = clean(lake, LINES, FinalizeConfig())
    assert sorted(rows) == ["a", "d", "e"]
    assert rows["a"] == {
        "doc_id": "a",
        "source": "web",
        "language": "en",
        "text": "Write to <EMAIL> or <EMAIL>.",
        "characters": 28,
        "rewritten": {"pii": 15},
        "pii": {"email": 2},
        "split_group_id": "a",
        "run_id": "run-1",
    }
    assert (rows["d"]["text"], rows["d"]["pii"], rows["d"]["split_group_id"]) == ("schön und gut", {}, "a")
    assert (rows["e"]["text"], rows["e"]["split_group_id"]) == (TEXTS["e"][0], "e")


def test_each_pass_that_changed_a_text_says_how_many_characters_it_removed(lake):
    rows = clean(lake, LINES, FinalizeConfig())
    assert {i: row["rewritten"] for i, row in rows.items()} == {
        "a": {"pii": 15},
        "d": {"c4_lines": 5, "repair": 1},
        "e": {},
    }
    for doc_id, row in rows.items():
        assert row["characters"] == len(row["text"]) == len(TEXTS[doc_id][0]) - sum(row["rewritten"].values())


def test_without_passes_texts_go_on_as_they_were_read(lake):
    rows = clean(lake, load("none"), NOTHING)
    assert {i: row["text"] for i, row in rows.items()} == {i: TEXTS[i][0] for i in "ade"}
    assert {repr(row["rewritten"]) for row in rows.values()} == {"{}"}


def test_spans_go_before_the_last_passes(spark, lake):
    rows = [
        ("a", [("decontamination", 0, 9), ("sentences", 24, 26)]),
        ("d", [("boilerplate", 7, 10)]),
        ("not there", [("sentences", 0, 1)]),
    ]
    kinds = "doc_id string, spans array<struct<kind: string, start: long, end: long>>"
    found = clean(lake, LINES, FinalizeConfig(), spark.createDataFrame(rows, kinds))
    assert {i: row["text"] for i, row in found.items()} == {
        "a": "<EMAIL> <EMAIL>.",
        "d": "schön gut",
        "e": TEXTS["e"][0],
    }
    assert {i: row["rewritten"] for i, row in found.items()} == {
        "a": {"decontamination": 9, "sentences": 3, "pii": 15},
        "d": {"c4_lines": 5, "boilerplate": 4, "repair": 1},
        "e": {},
    }


def test_spans_of_several_kinds_together_leave_something(spark, lake):
    from pipelines.text.spark import spans_together

    kinds = "doc_id string, spans array<struct<kind: string, start: long, end: long>>"
    first = spark.createDataFrame([("e", [("decontamination", 0, 7)]), ("d", [("decontamination", 0, 6)])], kinds)
    second = spark.createDataFrame([("e", [("sentences", 8, 20)]), ("a", [("sentences", 0, 9)])], kinds)
    found = clean(lake, LINES, NOTHING, spans_together([first, second]))
    assert {i: row["text"] for i, row in found.items()} == {
        "a": "me@example.com or you@example.org.",
        "d": "und gut",
        "e": "to say of it",
    }
    assert spans_together([first]) is first
    assert spans_together([]) is None


def test_url_lists_mark_the_documents_they_list(lake, tmp_path):
    from pipelines.text.spark import with_url_lists

    (tmp_path / "domains.txt").write_text("bad.example.com\nbad.com\n", "utf-8")
    listed = with_url_lists(lake["measures"], UrlConfig(domains=(str(tmp_path / "domains.txt"),)))
    assert {row.doc_id for row in listed.collect() if row.url_listed} == {"a", "d"}
    assert listed.count() == len(TEXTS)


def test_personal_data_comes_last_so_that_repair_can_uncover_it():
    removed = {"repair": 4, "pii": 7}
    assert finalize("me&#64;example.com", FinalizeConfig()) == Finalized("<EMAIL>", removed, {"email": 1})


def test_replacement_can_add_characters():
    assert finalize("me@x.de", FinalizeConfig(placeholders={"email": "<an address>"})).removed == {"pii": -5}


def test_counts_are_per_kind():
    assert finalize("8.8.8.8 me@example.com 9.9.9.9", FinalizeConfig()).pii == {"email": 1, "ip": 2}


@pytest.mark.parametrize("name", names())
def test_the_policy_says_which_passes_run(name):
    policy = load(name)
    config = FinalizeConfig.of(policy, RepairConfig(), PiiConfig())
    assert config.repair == ("repair" in policy.rewrite)
    assert config.pii == (KINDS if "pii" in policy.rewrite else ())


def test_configuration_has_the_last_word():
    some = FinalizeConfig.of(load("none"), RepairConfig(enabled=True), PiiConfig(kinds=("email",)))
    assert (some.repair, some.pii) == (True, ("email",))
    assert FinalizeConfig.of(load("fineweb"), RepairConfig(enabled=False), PiiConfig(kinds=())) == NOTHING


def test_repair_that_would_leave_nothing_leaves_the_text_as_it_is():
    assert finalize("\x00\x01", FinalizeConfig()) == Finalized("\x00\x01", {}, {})


def test_a_text_of_nothing_but_personal_data_is_replaced_by_a_placeholder_that_is_seen():
    config = FinalizeConfig(placeholders=dict.fromkeys(PLACEHOLDERS, ""))
    assert finalize("write: me@example.com", config).text == "write: "
    assert finalize("me@example.com\n", config).text == "<EMAIL>\n"


@given(text=texts)
def test_a_text_that_no_pass_touches_stays_byte_for_byte(text):
    assert finalize(text, NOTHING) == Finalized(text, {}, {})


@given(
    text=texts | st.sampled_from(["\x00", "\ufeff", "&#0;", "me@example.com", "8.8.8.8 8.8.4.4"]),
    placeholder=st.sampled_from(["", " ", "<GONE>"]),
)
def test_no_text_becomes_blank(text, placeholder):
    config = FinalizeConfig(placeholders=dict.fromkeys(PLACEHOLDERS, placeholder))
    finalized = finalize(text, config)
    assert bool(finalized.text.strip()) == bool(text.strip())
    assert len(finalized.text) == len(text) - sum(finalized.removed.values())
