"""More documents than the driver may hold give the rows that few documents give, delivery after delivery."""

import corpus
import pytest

from jobs.checks.lake import check as findings
from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.stages import dedup
from lake.lake import Lake

STAGES = ("ingest", "clean", "dedup")
ROWS = {
    "signatures": ("doc_id", "text_hash", "batch", "bands"),
    "duplicates": ("doc_id", "method", "cluster_id", "cluster_size", "kept", "component_id"),
    "clean_documents": ("doc_id", "text", "split_group_id"),
}


@pytest.fixture
def texts(tmp_path):
    """A folder of texts: each file's name, and what is in it."""
    folder = tmp_path / "texts"
    folder.mkdir()

    def put(**named):
        for name, text in named.items():
            (folder / f"{name}.txt").write_text(text)

    put.folder = folder
    return put


def config(lake, folder, driver_documents):
    return RunConfig.model_validate(
        {
            "lake": str(lake),
            "sources": [{"name": "texts", "path": str(folder), "root": str(folder)}],
            "clean": {"policy": "none"},
            "dedup": {"driver_documents": driver_documents, "driver_edges": driver_documents},
        }
    )


def rows(lake):
    return {
        name: lake.read(name).select(*columns).orderBy("doc_id").toArrow().to_pylist()
        for name, columns in ROWS.items()
    }


def test_nothing_on_the_driver_gives_the_rows_of_everything_on_the_driver(engine, texts, tmp_path, monkeypatch):
    deliveries = [
        {f"first-{number}": corpus.prose(number) for number in range(8)},
        {
            "near-of-old": corpus.near_copy(corpus.prose(1)),
            "equal-to-old": corpus.prose(2),
            "new": corpus.prose(20),
            "near-of-new": corpus.near_copy(corpus.prose(20)),
        },
        {"third-near-of-old": corpus.prose(1) + " It was copied again.", "another": corpus.prose(21)},
    ]
    lakes = {limit: Lake(str(tmp_path / f"lake-{limit}"), engine) for limit in (1_000_000, 0)}
    of_many = []
    counted = dedup._measures_of_many
    monkeypatch.setattr(dedup, "_measures_of_many", lambda *given: of_many.append(given) or counted(*given))
    for number, delivery in enumerate(deliveries):
        if number == 2:
            (texts.folder / "first-1.txt").unlink()  # the survivor that two others are near to
        texts(**delivery)
        for limit, lake in lakes.items():
            assert run_stages(engine, config(lake.root, texts.folder, limit), Reporter(), STAGES, conclude=False) == 0
        few, many = (rows(lake) for lake in lakes.values())
        assert few == many
    assert len(few["duplicates"]) > 4  # there was something to cluster
    assert {given[0].output.name for given in of_many} == {"signatures", "duplicates", "clean_documents"}
    assert [each for lake in lakes.values() for each in findings(lake) if not each.holds] == []


def test_documents_that_an_earlier_run_measured_and_did_not_decide_are_signed(engine, texts, tmp_path):
    texts(**{f"first-{number}": corpus.prose(number) for number in range(4)})
    lake = Lake(str(tmp_path / "lake"), engine)
    assert run_stages(engine, config(lake.root, texts.folder, 0), Reporter(), STAGES, conclude=False) == 0
    texts(late=corpus.prose(30))
    assert run_stages(engine, config(lake.root, texts.folder, 0), Reporter(), ("ingest",), conclude=False) == 0
    from jobs.stages import clean
    from jobs.stages.context import StageContext

    clean._measure(StageContext(lake, engine, config(lake.root, texts.folder, 0), Reporter()))
    texts(later=corpus.prose(31))
    assert run_stages(engine, config(lake.root, texts.folder, 0), Reporter(), STAGES, conclude=False) == 0
    delivered = lake.read("clean_documents").count()
    assert delivered == lake.read("documents").count() == 6
