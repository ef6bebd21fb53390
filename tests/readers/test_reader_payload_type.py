"""What a payload is: the bytes before the archive's word, and the archive's before the server's."""

import gzip
from random import Random

import pytest
from archives import PAGE, Archive, response
from hypothesis import given, settings
from hypothesis import strategies as st

HTML = PAGE.format("some words").encode()
PDF = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"


def served(media: str | None, body: bytes, identified: str | None = None, more: str = "") -> bytes:
    """A response that the server called one thing, and the archive perhaps another."""
    header = (f"Content-Type: {media}\r\n" if media is not None else "") + more
    fields = [f"WARC-Identified-Payload-Type: {identified}"] if identified is not None else []
    return response(f"HTTP/1.1 200 OK\r\n{header}\r\n".encode() + body, *fields)


@pytest.mark.parametrize("server", ["text/html", "application/octet-stream", "image/png", "application/pdf", None])
@pytest.mark.parametrize("identified", ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"])
def test_what_the_archive_identified_as_a_page_is_one_whatever_the_server_said(read_bytes, server, identified):
    (document,) = read_bytes(served(server, HTML, identified), "a.warc").documents
    assert (document.text, document.meta["content_type"]) == ("some words", identified.lower().partition(";")[0])


@pytest.mark.parametrize(
    ("identified", "label"),
    [("application/pdf", "response application"), ("image/png", "response image"), ("text/css", "response text")],
)
def test_what_the_archive_identified_as_no_page_is_none_whatever_the_server_said(read_bytes, identified, label):
    reading = read_bytes(served("text/html", HTML, identified), "a.warc")
    assert (reading.records, reading.skipped) == ([], {label: 1})


@pytest.mark.parametrize("identified", ["", "application/octet-stream", "no type", "application/x-unknown"])
def test_an_archive_that_identified_nothing_leaves_it_to_the_server(read_bytes, identified):
    assert read_bytes(served("text/html", HTML, identified), "a.warc").texts == ["some words"]


CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "windows-1251", "koi8-r", "shift_jis", "gb18030", "unheard-of"])
BINARIES = {
    "application": [
        PDF,
        b"\n\n" + PDF,
        b"PK\x03\x04\x14\0\x06\0",
        b"\x7fELF\x02\x01\x01",
        b"Rar!\x1a\x07\0",
        b"{\\rtf1\\ansi some words}",
        b"%!PS-Adobe-3.0\n(some words) show",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
        gzip.compress(b"some words", mtime=0),
    ],
    "image": [
        PNG,
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a\x01\0\x01\0",
        b"RIFF\x24\0\0\0WEBPVP8 ",
        b"II*\0\x08\0\0\0",
    ],
    "audio": [b"ID3\x03\0\0\0\0\0\x21", b"OggS\0\x02\0\0", b"fLaC\0\0\0\x22"],
    "video": [b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3\x01\0", b"FLV\x01\x05"],
    "font": [b"wOFF\0\x01\0\0", b"wOF2\0\x01\0\0"],
}


@pytest.mark.parametrize(("family", "body"), [(family, body) for family in BINARIES for body in BINARIES[family]])
@pytest.mark.parametrize("server", ["text/html", "text/plain; charset=iso-8859-1", "application/octet-stream", None])
def test_binary_bytes_are_never_text_whoever_called_them_so(read_bytes, family, body, server):
    reading = read_bytes(served(server, body), "a.warc")
    assert (reading.records, reading.skipped) == ([], {f"response {family}": 1})


@pytest.mark.parametrize("kind", ["response", "resource", "conversion"])
def test_binary_bytes_are_known_in_every_type_of_record_and_behind_a_coding(read_bytes, kind):
    if kind == "response":
        headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
        archive = Archive().add(kind, gzip.compress(PNG, mtime=0), headers)
    else:
        archive = Archive().add(kind, PNG, warc_content_type="text/plain")
    assert read_bytes(archive.bytes, "a.warc.gz").skipped == {f"{kind} image": 1}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(200, 3000), st.sampled_from(["text/html", "text/plain"]), CHARSETS)
def test_bytes_of_no_known_format_are_rejected_where_they_are_no_text(read_bytes, seed, size, media, charset):
    body = b"\xaa" + Random(seed).randbytes(size)
    reading = read_bytes(served(f"{media}; charset={charset}", body), "a.warc")
    assert (reading.documents, reading.reasons) == ([], ["encoding"])


@pytest.mark.parametrize(
    ("charset", "mark", "text"),
    [
        ("utf-16-le", b"\xff\xfe", "Привет, мир, как дела"),
        ("utf-16-be", b"\xfe\xff", "Привет, мир, как дела"),
        ("iso-2022-kr", b"", "한국어 문장 입니다"),
        ("utf-8", b"", "a\x01b, a stray control character, as pages have them"),
        ("utf-8", b"", "\x02\x03 short"),
    ],
)
def test_text_that_has_control_bytes_is_text(read_bytes, charset, mark, text):
    record = served(f"text/plain; charset={charset}", mark + text.encode(charset))
    assert read_bytes(record, "a.warc").texts == [text]


PAGES = [
    HTML,
    b"\xef\xbb\xbf\r\n<!DOCTYPE  html><p>some words",
    b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'><body><p>some words</p></body></html>",
    b"<!-- made by hand --><html><body><p>some words</p></body></html>",
    b"  <BODY><p>some words</p></BODY>",
    b"<p>some words</p>",
]


@pytest.mark.parametrize("body", PAGES)
@pytest.mark.parametrize(
    "server", ["application/octet-stream", "binary/octet-stream", "unknown/unknown", "*/*", "", None]
)
def test_html_bytes_are_a_page_where_nobody_knew_their_type(read_bytes, server, body):
    (document,) = read_bytes(served(server, body), "a.warc").documents
    assert (document.text, document.meta["content_type"]) == ("some words", "text/html")


def test_a_page_of_unknown_type_is_known_behind_its_coding(read_bytes):
    record = served("application/octet-stream", gzip.compress(HTML, mtime=0), more="Content-Encoding: gzip\r\n")
    assert read_bytes(record, "a.warc").texts == ["some words"]


@pytest.mark.parametrize(
    "body", [b"some words", b"", b"\x1f\x8b\x08 cut", b"<svg></svg>", b"<?xml version='1.0'?><rss>"]
)
def test_other_bytes_of_unknown_type_are_skipped(read_bytes, body):
    record = served("application/octet-stream", body, more="Content-Encoding: gzip\r\n")
    reading = read_bytes(record, "a.warc")
    assert (reading.records, reading.skipped) == ([], {"response application": 1})


def test_text_that_mentions_a_format_is_text(read_bytes):
    for text in ("PDF files begin with %PDF-1.4", "BMW and MZ are names", "GIF89 is a format", "ID3 tags, RIFF, wOFF"):
        assert read_bytes(served("text/plain", text.encode()), "a.warc").texts == [text]


def test_the_identified_type_of_records_without_http_decides_too(read_bytes):
    archive = Archive(compressed=False).add("resource", HTML, warc_content_type="application/octet-stream").bytes
    head, _, rest = archive.partition(b"Content-Type: application/octet-stream\r\n")
    known = head + b"WARC-Identified-Payload-Type: text/html\r\nContent-Type: application/octet-stream\r\n" + rest
    assert read_bytes(known, "a.warc").texts == ["some words"]
