"""Error pages of a web archive: read as documents, dropped for their HTTP status, and told why."""

import io

import corpus
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from jobs.commands import decide, explain
from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report.collect import collect
from jobs.report.page import render
from lake.lake import Lake
from pipelines.policies.files import load
from pipelines.policies.policy import Policy

STATUSES = ["200 OK", "206 Partial Content", "301 Moved Permanently", "404 Not Found", "503 Service Unavailable"]


@pytest.fixture(scope="module")
def crawled(engine, tmp_path_factory):
    """A lake of five pages of good prose, each with another status, and a text file."""
    folder = tmp_path_factory.mktemp("crawled")
    (folder / "in").mkdir()
    with open(folder / "in" / "crawl.warc.gz", "wb") as out:
        writer = WARCWriter(out)
        for number, status in enumerate(STATUSES):
            page = "".join(f"<p>{part}</p>" for part in corpus.prose(number).split("\n"))
            headers = StatusAndHeaders(status, [("Content-Type", "text/html")], protocol="HTTP/1.1")
            body = io.BytesIO(f"<html><body><main>{page}</main></body></html>".encode())
            url = f"http://example.org/{status[:3]}"
            writer.write_record(writer.create_warc_record(url, "response", payload=body, http_headers=headers))
    (folder / "in" / "note.txt").write_text(corpus.prose(9))
    sources = [{"name": "crawl", "path": str(folder / "in")}]
    config = RunConfig.model_validate(
        {"lake": str(folder / "lake"), "sources": sources, "clean": {"policy": "technical"}}
    )
    assert run_stages(engine, config, Reporter(), ("ingest", "clean")) == 0
    return Lake(config.lake, engine)


def status_of(lake):
    """doc_id -> the status in its URL; of the text file None."""
    rows = lake.read("documents").select("doc_id", "meta").collect()
    return {row.doc_id: row.meta["url"][-3:] if "url" in row.meta else None for row in rows}


def test_redirects_and_errors_are_dropped_for_their_status_and_nothing_else_is(crawled):
    statuses = status_of(crawled)
    found = {statuses[row.doc_id]: row.reasons for row in crawled.read("decisions").collect()}
    why = ["http.status"]
    assert found == {"200": [], "206": [], "301": why, "404": why, "503": why, None: []}


def test_the_measures_carry_the_status(crawled):
    statuses = status_of(crawled)
    for row in crawled.read("measures").select("doc_id", "http_status").collect():
        assert row.http_status == (int(statuses[row.doc_id]) if statuses[row.doc_id] else None)


def test_a_story_tells_the_status_and_its_limit(crawled):
    (doc_id,) = (doc_id for doc_id, status in status_of(crawled).items() if status == "404")
    (rule,) = (rule for rule in explain.trace_document(crawled, doc_id)["rules"] if rule["rule"] == "http.status")
    expected = {"rule": "http.status", "measure": "http_status", "value": 404, "fails_when": ">", "threshold": 299}
    assert rule == {**expected, "failed": True}


def test_another_limit_is_decided_without_reading_again(crawled):
    technical = load("technical")
    rules = {**technical.rules, "http": {"status": 404}}
    proposal = decide.propose(crawled, Policy(**{**technical.model_dump(), "name": "mine", "rules": rules}))
    assert [(row.change, row.reason, row.documents) for row in proposal.changes] == [("restored", "http.status", 2)]


def test_the_report_shows_the_statuses_and_an_example(crawled):
    html = render(collect(crawled))
    assert "status of the HTTP response" in html
    assert "http_status 404 &gt; 299" in html
