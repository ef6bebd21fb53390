"""Features of documents and sources, by hand from small tables."""

import math
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from features.catalogue.document import DOCUMENT_MEASURES, DOCUMENT_STATE
from features.catalogue.source import SOURCE_QUALITY
from features.computation.document import document_measures, document_state
from features.computation.source import source_counts, source_quality, stability_index
from features.tables import columns_of
from pipelines import tables as contract

NEWEST = datetime(2026, 5, 31, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def frame(engine):
    """A table of the lake from rows that name only what matters."""

    def make(table, *rows):
        empty = dict.fromkeys(table.schema.names)
        return engine.frame(pa.Table.from_pylist([{**empty, **row} for row in rows], table.schema))

    return make


def rows_of(frame):
    found = frame.toArrow().to_pylist()
    return {next(iter(row.values())): row for row in found}


def measured(doc_id, characters=100, **more):
    return {"doc_id": doc_id, "source": "web", "size": {"characters": characters}, **more}


def test_every_measure_of_every_rule_set_is_a_feature(frame):
    rows = [measured("d", 7, c4={"sentences": 3, "lorem_ipsum": True}, fineweb={"list_ratio": 0.5}), measured("e")]
    features = document_measures(frame(contract.MEASURES, *rows))
    assert features.columns == columns_of(DOCUMENT_MEASURES).names
    found = rows_of(features)["d"]
    assert (found["size_characters"], found["c4_sentences"], found["c4_lorem_ipsum"]) == (7, 3, True)
    assert (found["fineweb_list_ratio"], found["gopher_quality_words"], found["size_words"]) == (0.5, None, None)


def test_the_state_of_a_document_is_put_together_from_five_tables(frame):
    decided = {"policy": "p@1", "kept": True, "reasons": []}
    cluster = {"cluster_id": "survivor", "cluster_size": 2, "component_id": "c"}
    state = rows_of(
        document_state(
            measures=frame(contract.MEASURES, *(measured(each, language="de", language_score=0.9) for each in
                           ("survivor", "copy", "alone", "dropped", "waiting", "not decided"))),
            decisions=frame(
                contract.DECISIONS,
                *({"doc_id": each, **decided} for each in ("survivor", "copy", "alone", "waiting")),
                {"doc_id": "dropped", "policy": "p@1", "kept": False, "reasons": ["size.min", "c4.lorem_ipsum"]},
            ),
            duplicates=frame(
                contract.DUPLICATES,
                {"doc_id": "survivor", "kept": True, **cluster},
                {"doc_id": "copy", "kept": False, **cluster},
                {"doc_id": "alone", "kept": True, "cluster_id": "alone", "cluster_size": 1},
            ),
            clean_documents=frame(
                contract.CLEAN_DOCUMENTS,
                *({"doc_id": each, "source": "web", "characters": 90} for each in ("survivor", "alone", "waiting")),
            ),
            tokens=frame(contract.TOKENS, {"doc_id": "survivor", "n_tokens": 20}, {"doc_id": "alone", "n_tokens": 21}),
        )
    )  # fmt: skip
    assert list(state["copy"]) == columns_of(DOCUMENT_STATE).names
    assert state["survivor"] == {
        "doc_id": "survivor", "source": "web", "language": "de", "language_score": 0.9, "policy": "p@1", "kept": True,
        "reasons": [], "duplicate_cluster": "survivor", "duplicate_cluster_size": 2, "delivered": True,
        "characters": 90, "tokens": 20,
    }  # fmt: skip

    def part(doc_id):
        names = ("kept", "reasons", "duplicate_cluster", "delivered", "characters", "tokens")
        return tuple(state[doc_id][name] for name in names)

    assert part("copy") == (True, [], "survivor", False, None, None)
    assert part("alone") == (True, [], None, True, 90, 21)  # in a component, and like no other document
    assert part("waiting") == (True, [], None, True, 90, None)  # not tokenized yet
    assert part("dropped") == (False, ["size.min", "c4.lorem_ipsum"], None, False, None, None)
    assert "not decided" not in state


@pytest.fixture
def quality(frame):
    """Two sources: `web` with four documents, of which two are older than a month; `books` with rejects alone."""
    ingested = {"old": NEWEST - MONTH - timedelta(seconds=1), "edge": NEWEST - MONTH, "copy": NEWEST, "new": NEWEST}
    counts = source_counts(
        documents=frame(
            contract.DOCUMENTS,
            *({"doc_id": each, "source": "web", "ingested_at": time} for each, time in ingested.items()),
        ),
        measures=frame(contract.MEASURES, measured("old", 4), measured("edge", 7), measured("copy", 8)),
        decisions=frame(
            contract.DECISIONS,
            {"doc_id": "old", "kept": False},
            *({"doc_id": e, "kept": True} for e in ("edge", "copy")),
        ),
        duplicates=frame(contract.DUPLICATES, {"doc_id": "edge", "kept": True}, {"doc_id": "copy", "kept": False}),
        clean_documents=frame(contract.CLEAN_DOCUMENTS, {"doc_id": "edge"}),
        tokens=frame(contract.TOKENS, {"doc_id": "edge", "n_tokens": 30}),
    ).toArrow()
    found = source_quality(counts, pa.table({"source": ["books", "web"], "rejects": [2, 5]}))
    assert found.schema.equals(columns_of(SOURCE_QUALITY))
    return {row["source"]: row for row in found.to_pylist()}


def test_shares_of_a_source_are_of_the_documents_that_have_come_so_far(quality):
    web = quality["web"]
    assert (web["documents"], web["rejects"], web["delivered_documents"], web["tokens"]) == (4, 5, 1, 30)
    assert web["kept_share"] == 2 / 3  # `new` is not decided yet
    assert web["duplicate_share"] == 1 / 2
    assert web["tokens_per_document"] == 30.0
    assert web["newest_document"] == NEWEST


def test_a_source_is_compared_with_its_own_past(quality):
    web = quality["web"]
    assert web["recent_documents"] == 3  # the document of exactly thirty days before is among them
    assert (web["recent_kept_share"], web["kept_share_change"]) == (1.0, 1.0)
    # 4 and 7 characters have three binary digits, 8 has four.
    recent, earlier = (1.5 / 3, 1.5 / 3), (1.5 / 2, 0.5 / 2)
    expected = sum((p - q) * math.log(p / q) for p, q in zip(recent, earlier, strict=True))
    assert web["length_drift"] == pytest.approx(expected, rel=1e-12)


def test_a_source_without_documents_has_counts_and_no_shares(quality):
    assert {name: value for name, value in quality["books"].items() if value is not None} == {
        "source": "books", "documents": 0, "rejects": 2, "delivered_documents": 0, "tokens": 0, "recent_documents": 0,
    }  # fmt: skip


def test_the_stability_index_is_zero_for_equal_shares_and_none_without_a_past():
    assert stability_index({3: 10, 4: 20}, {3: 10, 4: 20}) == 0.0
    assert stability_index({3: 10}, {}) is None
    assert stability_index({3: 1000}, {9: 1000}) > 5
