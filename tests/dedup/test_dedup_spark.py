"""Whole deduplication on Spark: from texts to the rows of `duplicates`."""

import random
from itertools import pairwise

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from lake.lake import Lake
from lake.scratch import Scratch
from pipelines.dedup.components import named_labels
from pipelines.dedup.config import DedupConfig, MinHashConfig
from pipelines.dedup.spark import clusters, distributed_components, explain
from pipelines.dedup.spark import signatures as mapped_signatures
from pipelines.tables import DUPLICATES

VERIFIED = DedupConfig()
PARITY = DedupConfig(exact=False, minhash=MinHashConfig(verify=False))
EXACT = DedupConfig(minhash=None)

SYLLABLES = [
    f"{a}{b}" for a in ("bar", "cel", "dor", "fin", "gul", "han", "kip", "lom", "mur", "nav") for b in "aeiou"
]


def signatures(documents: DataFrame, config: DedupConfig, batch: int, run_id: str) -> DataFrame:
    """The table's rows as a DataFrame."""
    return mapped_signatures(documents, config, batch, run_id).frame()


Documents = dict[str, tuple[str, int]]  # doc_id -> text, priority


def prose(seed: int, words: int = 80) -> list[str]:
    """Words unlike those of any other seed."""
    return random.Random(seed).choices(SYLLABLES, k=words)


def text(*words: list[str]) -> str:
    return " ".join(word for part in words for word in part)


ORIGINAL, OTHER = prose(1), prose(2)
CHAIN = prose(3, 116)
TEMPLATE = prose(4, 100)

FIRST: Documents = {
    # exact copies: the source with the higher priority wins, whitespace does not matter
    "copy-1": (text(ORIGINAL), 0),
    "copy-2": ("\n".join(ORIGINAL), 7),
    "copy-3": (text(ORIGINAL), 0),
    # near duplicates: the longer one wins
    "near-1": (text(OTHER), 0),
    "near-2": (text(OTHER, ["more"]), 0),
    # each resembles the next, the first and the last are too far apart
    "chain-1": (text(CHAIN[:100]), 2),
    "chain-2": (text(CHAIN[8:108]), 1),
    "chain-3": (text(CHAIN[16:116]), 0),
    # pages of one template, each with its own content
    **{f"page-{i:02}": (text(TEMPLATE, prose(100 + i, 20)), 0) for i in range(12)},
    # too short for a signature
    "short-1": ("All rights reserved", 0),
    "short-2": ("All  rights reserved", 0),
    "short-3": ("No rights reserved", 0),
    # nothing to compare
    "empty-1": ("", 0),
    "empty-2": (" \n", 0),
    # nothing like it
    "alone": (text(prose(5)), 0),
}

SECOND: Documents = {
    # copies of a survivor, of a dropped one and of one that was alone
    "new-copy": (text(ORIGINAL), 9),
    "new-near-1": (text(OTHER), 9),
    "new-alone": (text(prose(5)), 9),
    # a near duplicate of a survivor
    "new-near-2": (text(OTHER[1:], ["more"]), 0),
    # new duplicates among themselves
    "new-1": (text(prose(6)), 0),
    "new-2": (text(prose(6), ["more"]), 0),
}


def frame(spark: SparkSession, documents: Documents) -> DataFrame:
    rows = [(doc_id, *document) for doc_id, document in documents.items()]
    return spark.createDataFrame(rows, "doc_id string, text string, priority int")


@pytest.fixture(scope="module")
def scratch(engine, tmp_path_factory):
    with Scratch(Lake(str(tmp_path_factory.mktemp("dedup")), engine), "work") as scratch:
        yield scratch


def deduplicated(documents: DataFrame, config: DedupConfig, scratch: Scratch) -> dict[str, Row]:
    found = clusters(signatures(documents, config, 0, "run-1"), None, lambda _: documents, config, 0, "run-1", scratch)
    return by_id(found)


def by_id(duplicates: DataFrame) -> dict[str, Row]:
    rows = duplicates.collect()
    assert len({row.doc_id for row in rows}) == len(rows)
    return {row.doc_id: row for row in rows}


@pytest.fixture(scope="module")
def first(spark, scratch) -> dict[str, Row]:
    return deduplicated(frame(spark, FIRST), VERIFIED, scratch)


@pytest.fixture(scope="module")
def parity(spark, scratch) -> dict[str, Row]:
    return deduplicated(frame(spark, FIRST), PARITY, scratch)


@pytest.fixture(scope="module")
def second(spark, first, scratch) -> dict[str, Row]:
    return added(spark, first, VERIFIED, scratch)


def added(spark: SparkSession, first: dict[str, Row], config: DedupConfig, scratch: Scratch) -> dict[str, Row]:
    """Rows that new data adds and replaces."""
    old, new = frame(spark, FIRST), frame(spark, SECOND)
    signed = signatures(old, VERIFIED, 0, "run-1").unionByName(signatures(new, VERIFIED, 1, "run-2"))
    known = spark.createDataFrame(list(first.values()))
    return by_id(clusters(signed, known, lambda _: old.unionByName(new), config, 1, "run-2", scratch))


def members(rows: dict[str, Row], survivor: str) -> set[str]:
    return {doc_id for doc_id, row in rows.items() if row.cluster_id == survivor}


def test_equal_texts_survive_once_by_priority(first):
    assert members(first, "copy-2") == {"copy-1", "copy-2", "copy-3"}
    assert first["copy-2"].kept
    assert not first["copy-1"].kept
    assert {(row.method, row.similarity, row.cluster_size) for row in map(first.get, members(first, "copy-2"))} == {
        ("exact", 1.0, 3)
    }


def test_the_longer_of_near_duplicates_survives(first):
    assert members(first, "near-2") == {"near-1", "near-2"}
    assert first["near-1"].method == first["near-2"].method == "minhash"
    assert first["near-1"].similarity == 76 / 77


def test_short_texts_have_exact_duplicates_only(first):
    assert members(first, "short-2") == {"short-1", "short-2"}
    assert "short-3" not in first


def test_empty_texts_and_the_unlike_have_no_rows(first):
    assert not {"empty-1", "empty-2", "alone"} & first.keys()


def test_one_of_each_cluster_is_kept(first, parity):
    for rows in (first, parity):
        assert all(row.kept == (row.doc_id == row.cluster_id) for row in rows.values())
        assert all(rows[row.cluster_id].kept for row in rows.values())
        assert all(len(members(rows, row.cluster_id)) == row.cluster_size for row in rows.values())


def test_verification_cuts_a_chain_that_transitive_closure_swallows(first, parity):
    assert members(parity, "chain-1") == {"chain-1", "chain-2", "chain-3"}
    assert members(first, "chain-1") == {"chain-1", "chain-2"}
    assert members(first, "chain-3") == {"chain-3"}


def test_verification_splits_the_false_cluster_of_a_template(first, parity):
    pages = {doc_id for doc_id in FIRST if doc_id.startswith("page")}
    assert len({parity[page].cluster_id for page in pages}) == 1
    assert all(first[page].kept and first[page].cluster_size == 1 for page in pages)


def test_the_held_out_split_sees_a_component_whole_even_where_it_was_split(first):
    assert {row.component_id for doc_id, row in first.items() if doc_id.startswith("page")} == {"page-00"}
    assert {row.component_id for doc_id, row in first.items() if doc_id.startswith("chain")} == {"chain-1"}


def test_parity_mode_knows_no_similarity_but_a_document_s_own(parity):
    assert {(row.kept, row.method, row.similarity) for row in parity.values()} == {
        (True, "minhash", 1.0),
        (False, "minhash", None),
    }
    assert "short-1" not in parity


def test_without_minhash_equal_texts_remain(spark, scratch):
    found = deduplicated(frame(spark, FIRST), EXACT, scratch)
    assert set(found) == {"copy-1", "copy-2", "copy-3", "short-1", "short-2"}


def test_order_and_partitioning_of_the_input_change_nothing(spark, first, scratch):
    shuffled = dict(random.Random(0).sample(list(FIRST.items()), len(FIRST)))
    assert deduplicated(frame(spark, shuffled).repartition(5), VERIFIED, scratch) == first


@pytest.mark.parametrize("limits", [{"driver_documents": 0}, {"driver_documents": 0, "driver_edges": 0}], ids=str)
def test_more_than_the_driver_takes_gives_the_same(spark, first, limits, scratch):
    assert deduplicated(frame(spark, FIRST), VERIFIED.model_copy(update=limits), scratch) == first


def test_more_new_documents_than_the_driver_takes_give_the_same(spark, first, second, scratch):
    assert added(spark, first, VERIFIED.model_copy(update={"driver_documents": 0}), scratch) == second


def test_new_copies_of_old_documents_are_dropped_whatever_their_priority(second):
    assert not second["new-copy"].kept
    assert second["new-copy"].cluster_id == "copy-2"
    assert (second["copy-2"].kept, second["copy-2"].method, second["copy-2"].cluster_size) == (True, "exact", 4)


def test_a_copy_of_a_dropped_document_joins_its_survivor(first, second):
    row = second["new-near-1"]
    assert (row.cluster_id, row.kept, row.method) == ("near-2", False, "minhash")
    assert row.similarity == first["near-1"].similarity


def test_a_new_near_duplicate_joins_the_old_survivor(second):
    assert (second["new-near-2"].cluster_id, second["new-near-2"].similarity) == ("near-2", 76 / 77)


def test_an_old_document_that_was_alone_gets_a_row(second):
    row = second["alone"]
    assert (row.kept, row.cluster_size, row.method, row.component_id) == (True, 2, "exact", "alone")
    assert second["new-alone"].component_id == "alone"


def test_rows_of_clusters_that_grew_come_again_and_no_others(second):
    assert set(second) == set(SECOND) | members(second, "copy-2") | members(second, "near-2") | {"alone"}
    assert {row.cluster_size for row in map(second.get, members(second, "near-2"))} == {4}
    assert members(second, "near-2") == {"near-1", "near-2", "new-near-1", "new-near-2"}
    assert {row.run_id for row in second.values()} == {"run-2"}


def test_new_duplicates_among_themselves(second):
    assert members(second, "new-2") == {"new-1", "new-2"}


def test_survivors_of_earlier_runs_never_merge(spark, scratch):
    bridge = text(CHAIN[8:108])
    documents = {"old-1": (text(CHAIN[:100]), 0), "old-2": (text(CHAIN[16:116]), 0), "new": (bridge, 5)}
    everything = frame(spark, documents)
    signed = signatures(everything.where("doc_id != 'new'"), PARITY, 0, "run-1").unionByName(
        signatures(everything.where("doc_id = 'new'"), PARITY, 1, "run-2")
    )
    nothing = spark.createDataFrame([], from_arrow_schema(DUPLICATES.schema))
    found = by_id(clusters(signed, nothing, lambda _: everything, PARITY, 1, "run-2", scratch))
    longest = max(("old-1", "old-2"), key=lambda doc_id: len(documents[doc_id][0]))
    assert set(found) == {"new", longest}
    assert found["new"].cluster_id == longest


@pytest.mark.parametrize("documents", [{}, {"a": ("one two", 0), "b": ("three", 0)}], ids=["none", "only short ones"])
def test_nothing_to_compare_is_fine(spark, documents, scratch):
    assert deduplicated(frame(spark, documents), VERIFIED, scratch) == {}


def test_a_member_without_text_is_named(spark, scratch):
    documents = frame(spark, {name: FIRST[name] for name in ("near-1", "near-2")})
    signed = signatures(documents, VERIFIED, 0, "run-1")
    without = documents.where("doc_id != 'near-1'")
    with pytest.raises(LookupError, match="near-1 has a signature but no text"):
        clusters(signed, None, lambda _: without, VERIFIED, 0, "run-1", scratch)


def test_explain_tells_a_document_s_cluster(spark, first):
    table = spark.createDataFrame(list(first.values()))
    story = explain(table, "copy-3").collect()
    assert [(row.doc_id, row.kept) for row in story] == [("copy-2", True), ("copy-1", False), ("copy-3", False)]
    assert explain(table, "alone").collect() == []


def test_distributed_components_agree_with_the_driver_s(spark, scratch):
    generator = random.Random(3)
    names = [f"v{i:04}" for i in generator.sample(range(10_000), 900)]
    chain, star, rest = names[:200], names[200:400], names[400:]
    edges = [*pairwise(chain), *((star[7], other) for other in star if other != star[7])]
    edges += [tuple(generator.sample(rest, 2)) for _ in range(250)]
    left, right = (pa.chunked_array([side]) for side in zip(*edges, strict=True))
    expected = {(row["vertex"], row["component"]) for row in named_labels(left, right).to_pylist()}
    found = distributed_components(spark.createDataFrame(edges, "left string, right string"), scratch).collect()
    assert len(found) == len(expected)
    assert {tuple(row) for row in found} == expected
