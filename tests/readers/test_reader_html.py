import os
import signal
import threading
import time

import pytest

from pipelines.extraction.extract import Child, extract
from pipelines.extraction.extractors import ExtractionError, ExtractionTimeoutError
from pipelines.extraction.page_cost import may_be_costly

PAGE = """<html><head><title>Title</title></head><body>
<nav><a href="/">Home</a> <a href="/about">About us</a></nav>
<article><h1>Of cats</h1><p>The cat is a small carnivorous mammal. It has lived with people for ten thousand years,
and in all that time it has not once come when it was called.</p>
<p>Cats sleep between twelve and sixteen hours a day; the rest they spend looking out of windows.</p></article>
<footer>Copyright, imprint, cookies</footer></body></html>"""


@pytest.mark.parametrize("extractor", ["resiliparse", "blocks", "trafilatura"])
def test_a_page_becomes_its_main_text(read_bytes, extractor):
    (text,) = read_bytes(PAGE.encode(), "a.html", extractor=extractor).texts
    assert "small carnivorous mammal" in text
    assert "Copyright" not in text
    assert "<" not in text


def test_the_page_declares_its_charset(read_bytes):
    page = '<html><meta charset="windows-1251"><body><main><p>Привет, мир</p></main></body></html>'
    (document,) = read_bytes(page.encode("cp1251"), "a.html").documents
    assert (document.text, document.meta) == (
        "Привет, мир",
        {"encoding": "cp1251", "encoding_source": "declared"},
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><body><script>only()</script></body></html>", "empty"),
        (b"<p>odd \x81 byte", "encoding"),
        (b"<p>" + b"x" * 5000, "oversized"),
    ],
)
def test_a_bad_page_is_one_reject(read_bytes, content, reason):
    assert read_bytes(content, "a.html", max_document_bytes=4000).reasons == [reason]


@pytest.mark.parametrize("page", ["", "<", "\0", "<table>" * 500, "a < b & c > d", "</p>" * 5000, "<a " * 5000])
def test_no_markup_breaks_the_extractor(page):
    assert isinstance(extract(page, "resiliparse", 60), str)


@pytest.mark.parametrize(
    "page",
    [
        "<div>x" * 60_000,
        "<div>" * 2_000 + "<span>x</span>" * 30_000,
        "<select>" + "<option>x</option>" * 60_000,
        "<p " + " ".join(f"a{n}=1" for n in range(60_000)) + ">x",
    ],
)
def test_pages_that_take_quadratic_time_are_stopped(page):
    assert may_be_costly(page)
    before = time.monotonic()
    with pytest.raises(ExtractionTimeoutError):
        extract(page, "resiliparse", 0.3)
    assert time.monotonic() - before < 30


def test_ordinary_pages_need_no_child():
    assert not may_be_costly(PAGE)
    assert not may_be_costly("<html><body>" + "<div><ul><li>one<br><li>two</ul><p>text</div>" * 300)
    assert not may_be_costly("")


@pytest.fixture(scope="module")
def slow_page() -> str:
    paragraphs = "".join(f"<div><p>Paragraph {n} of very many.</p></div>" for n in range(60_000))
    return f"<html><body>{paragraphs}</body></html>"


@pytest.fixture(scope="module")
def child():
    child = Child("trafilatura")
    child.extract(PAGE, 60)
    yield child
    child.stop()


def test_an_extractor_that_takes_too_long_is_stopped_and_starts_again(child, slow_page):
    before = time.monotonic()
    with pytest.raises(ExtractionTimeoutError, match=r"0\.2 s"):
        child.extract(slow_page, 0.2)
    assert time.monotonic() - before < 5
    assert "carnivorous" in child.extract(PAGE, 60)


def test_an_extractor_that_dies_is_started_again(child):
    process = child._started()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert "carnivorous" in child.extract(PAGE, 60)


def test_death_while_it_works_is_a_failure_of_that_page_only(child, slow_page):
    process = child._started()
    killer = threading.Timer(0.5, process.kill)
    killer.start()
    with pytest.raises(ExtractionError, match="died"):
        child.extract(slow_page, 60)
    killer.join()
    assert "carnivorous" in child.extract(PAGE, 60)


@pytest.mark.parametrize("extractor", ["blocks", "trafilatura"])
def test_a_slow_page_is_a_reject(read_bytes, slow_page, extractor):
    reading = read_bytes(slow_page.encode(), "a.html", extractor=extractor, extractor_timeout=0.2)
    assert reading.reasons == ["extraction_timeout"]
