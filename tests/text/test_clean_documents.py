"""What deduplication looks at and what goes on, as Spark frames."""

import pytest

from pipelines.pii.spans import PiiConfig
from pipelines.tables import CLEAN_DOCUMENTS
from pipelines.text.finalize import FinalizeConfig, finalize
from pipelines.text.repair import RepairConfig
from pipelines.urls.url_lists import UrlConfig

TEXTS = {
    "a": "Write to me@example.com or you@example.org.",
    "b": "dropped by a rule",
    "c": "a duplicate that does not survive",
    "d": "schÃ¶n",
    "e": "nothing to say of it",
}
URLS = {"a": "http://bad.example.com/x", "b": "http://good.org/", "c": None, "d": "http://bad.com", "e": ""}


@pytest.fixture(scope="module")
def lake(spark):
    """The tables' rows, cut down to the columns that are looked at."""
    measures = [(i, "web", "en", URLS[i], text) for i, text in TEXTS.items()]
    duplicates = [("c", False, "a"), ("d", True, "a")]
    return {
        "measures": spark.createDataFrame(
            measures, "doc_id string, source string, language string, url string, text string"
        ),
        "decisions": spark.createDataFrame([(i, i != "b") for i in TEXTS], "doc_id string, kept boolean"),
        "duplicates": spark.createDataFrame(duplicates, "doc_id string, kept boolean, component_id string"),
    }


def test_deduplication_looks_at_what_the_rules_kept(lake):
    from pipelines.text.spark import candidates

    rows = candidates(lake["measures"], lake["decisions"]).collect()
    assert {row.doc_id: row.text for row in rows} == {
        "a": TEXTS["a"],
        "c": TEXTS["c"],
        "d": "schÃ¶n",
        "e": TEXTS["e"],
    }


def test_one_of_each_cluster_goes_on_repaired_and_without_personal_data(lake):
    from pipelines.text.spark import candidates, clean_documents

    kept = candidates(lake["measures"], lake["decisions"])
    frame = clean_documents(kept, lake["duplicates"], FinalizeConfig(), "run-1").frame()
    assert frame.columns == CLEAN_DOCUMENTS.schema.names
    rows = {row.doc_id: row.asDict() for row in frame.collect()}
    assert sorted(rows) == ["a", "d", "e"]
    assert rows["a"] == {
        "doc_id": "a",
        "source": "web",
        "language": "en",
        "text": "Write to <EMAIL> or <EMAIL>.",
        "pii": {"email": 2},
        "split_group_id": "a",
        "run_id": "run-1",
    }
    assert (rows["d"]["text"], rows["d"]["pii"], rows["d"]["split_group_id"]) == ("schön", {}, "a")
    assert (rows["e"]["text"], rows["e"]["split_group_id"]) == (TEXTS["e"], "e")


def test_url_lists_mark_the_documents_they_list(lake, tmp_path):
    from pipelines.text.spark import with_url_lists

    (tmp_path / "domains.txt").write_text("bad.example.com\nbad.com\n", "utf-8")
    listed = with_url_lists(lake["measures"], UrlConfig(domains=(str(tmp_path / "domains.txt"),)))
    assert {row.doc_id for row in listed.collect() if row.url_listed} == {"a", "d"}
    assert listed.count() == len(TEXTS)


def test_personal_data_comes_last_so_that_repair_can_uncover_it():
    assert finalize(["me&#64;example.com"], FinalizeConfig()) == (["<EMAIL>"], [{"email": 1}])


def test_repair_and_replacement_can_be_switched_off():
    config = FinalizeConfig(repair=RepairConfig(enabled=False), pii=PiiConfig(kinds=()))
    assert finalize(["schÃ¶n me@example.com"], config) == (["schÃ¶n me@example.com"], [{}])


def test_counts_are_per_kind_and_document():
    texts = ["8.8.8.8 me@example.com 9.9.9.9", "nothing"]
    assert finalize(texts, FinalizeConfig())[1] == [{"email": 1, "ip": 2}, {}]
