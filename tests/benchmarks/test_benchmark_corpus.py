"""The web archives of the benchmarks' corpus are what every reader of web archives expects."""

import json
import os
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from benchmarks.corpus import PARTS, _chosen, _write_part, cache_folder
from benchmarks.debian import Package, Page, pages
from benchmarks.web_archive import charset, response, url, warcinfo
from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.splits import split

PACKAGE = Package("some-doc", "1:2", "de")


@pytest.fixture
def found(tmp_path):
    """Pages of a package as they lie unpacked in the cache: UTF-8, Latin-1 that says so, and one without text."""
    folder = tmp_path / "pages" / "some-doc_1%3a2"
    folder.mkdir(parents=True)
    body = "<p>Ein langer Absatz über Wörter, die in einer Seite stehen, und noch einer. " * 5
    (folder / "a b.html").write_text(f"<html><body>{body}</body></html>")
    (folder / "latin.html").write_bytes(
        f'<html><head><meta charset="iso-8859-1"></head><body>{body}</body></html>'.encode("latin-1")
    )
    (folder / "empty.html").write_text("<html><body></body></html>")
    for file in folder.iterdir():
        os.utime(file, (1_700_000_000, 1_700_000_000))
    return sorted(pages(PACKAGE, folder), key=lambda page: page.path)


def archive(found: list[Page], folder: Path) -> Path:
    file = folder / "pages.warc.gz"
    file.write_bytes(warcinfo(file.name) + b"".join(response(page, page.file.read_bytes()) for page in found))
    return file


def test_warcio_reads_the_records_and_their_digests_hold(found, tmp_path):
    with archive(found, tmp_path).open("rb") as stream:
        records = [
            (record.rec_type, record.content_stream().read(), record.digest_checker.passed)
            for record in ArchiveIterator(stream, check_digests=True)
        ]
    assert [kind for kind, _, _ in records] == ["warcinfo", "response", "response", "response"]
    assert [data for _, data, _ in records[1:]] == [page.file.read_bytes() for page in found]
    assert all(passed for _, _, passed in records[1:])


def test_our_reader_gives_text_and_address_of_each_page(found, tmp_path):
    source = SourceConfig(name="pages", path=str(archive(found, tmp_path)))
    records = [record for piece in split(list_files(source), source, 1 << 20) for record in read(piece)]
    texts = [getattr(record, "text", None) for record in records]
    assert texts[0] == texts[2]
    assert "über Wörter" in texts[0]
    assert texts[1] is None
    assert records[0].meta["url"] == "https://some-doc.example/a%20b.html" == url(found[0])


def test_the_same_page_is_the_same_bytes(found):
    data = found[0].file.read_bytes()
    assert response(found[0], data) == response(found[0], data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("für".encode(), "utf-8"),
        (b'<meta charset="ISO-8859-1">' + "für".encode("latin-1"), "iso-8859-1"),
        ("für".encode("latin-1"), "windows-1252"),
    ],
)
def test_the_declared_encoding_is_the_one_that_decodes(data, expected):
    assert charset(data) == expected
    assert "für" in data.decode(expected)


def test_a_part_is_written_once_and_its_json_lines_have_text_only(found, tmp_path):
    target = tmp_path / "quick"
    for name in ("warc", "text"):
        (target / name).mkdir(parents=True)
    written = _write_part(target, 0, found)
    lines = [json.loads(line) for line in (target / "text" / "part-00000.jsonl").read_text().splitlines()]
    assert [line["url"] for line in lines] == [url(found[0]), url(found[2])]
    assert {line["language"] for line in lines} == {"de"}
    assert (written["warc"]["documents"], written["text"]["documents"]) == (3, 2)
    before = (target / "warc" / "part-00000.warc.gz").stat().st_mtime_ns
    assert _write_part(target, 0, found) == written
    assert (target / "warc" / "part-00000.warc.gz").stat().st_mtime_ns == before


def test_a_smaller_corpus_is_the_beginning_of_a_larger_one(found, tmp_path):
    assert _chosen([PACKAGE], tmp_path, 2) == _chosen([PACKAGE], tmp_path, 3)[:2]


def test_too_few_pages_are_said(found, tmp_path):
    with pytest.raises(RuntimeError, match=r"3 pages in the packages .* 4 are needed"):
        _chosen([PACKAGE], tmp_path, 4)


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("TOKENLAKE_BENCH", str(tmp_path))
    assert cache_folder() == tmp_path
    assert PARTS > 1
