"""HTTP headers of archived responses as crawlers write them, and other archive tools accept them."""

import pytest
from archives import response
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.readers import header_fields

HTML = b"<html><body><p>Some words of a page, as they are.</p></body></html>"
TEXT = "Some words of a page, as they are."
STATUS = b"HTTP/1.1 200 OK\r\n"
TYPE = b"Content-Type: text/html\r\n"


def test_lines_of_a_header_may_end_in_line_feeds(read_bytes):
    assert read_bytes(response((STATUS + TYPE + b"\r\n").replace(b"\r", b"") + HTML), "a.warc").texts == [TEXT]


@pytest.mark.parametrize("end", [b"\n\r\n", b"\r\n\n", b"\r\n \r\n", b"\r\n\t \n"])
def test_the_line_that_ends_a_header_may_be_unlike_the_others(read_bytes, end):
    assert read_bytes(response(STATUS + TYPE.strip() + end + HTML), "a.warc").texts == [TEXT]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.1 200", "200"),
        (b"HTTP/1.1 200 ", "200"),
        (b"HTTP/1.0 200 OK", "200"),
        (b"HTTP/2 200", "200"),
        (b"HTTP/2.0 404 ", "404"),
        (b"HTTP/3 200 OK", "200"),
        (b"HTTP 200 OK", "200"),
        (b"http/1.1 200 ok", "200"),
        (b"HTTP/1.1   200   OK  ", "200"),
        (b"HTTP/1.1\t200\tOK", "200"),
        (b"  HTTP/1.1 200 OK", "200"),
        (b"\r\n\r\nHTTP/1.1 200 OK", "200"),
        (b"HTTP/1.1 200 Trouv\xe9", "200"),
        (b"HTTP/1.1 999 Request denied", "999"),
    ],
)
def test_a_status_line_is_read_however_it_is_written(read_bytes, line, status):
    (document,) = read_bytes(response(line + b"\r\n" + TYPE + b"\r\n" + HTML), "a.warc").documents
    assert (document.text, document.meta["http_status"]) == (TEXT, status)


@pytest.mark.parametrize(
    "fields",
    [
        b"content-type: text/html\r\n",
        b"CONTENT-TYPE:text/html\r\n",
        b"Content-Type  :   text/html  ; charset = utf-8 \r\n",
        b" Content-Type: text/html\r\n",
        b"Content-Type:\r\n text/html\r\n",
        b"X-Long: one\r\n\ttwo\r\n  three\r\nContent-Type: text/html\r\n",
        b"this is no field\r\nContent-Type: text/html\r\n",
        b"this is no field\r\n goes on\r\nContent-Type: text/html\r\n",
        b": no name\r\nContent-Type: text/html\r\n",
        b" \r\nContent-Type: text/html\r\n",
        b"X-Ville: Orl\xe9ans\r\nContent-Type: text/html\r\n",
        b"Link: <https://example.org/>,\r\n <https://example.org/2>\r\nContent-Type: text/html\r\n",
        b"Content-Type: text/html\r\nContent-Type: text/html; charset=utf-8\r\n",
        b"Content-Type: \r\nContent-Type: text/html\r\n",
        b"Content-Type: image/png\r\nContent-Type: text/html\r\n",
        b"Content-Type: text/html\r\nContent-Type: image/png\r\n",
    ],
)
def test_fields_are_read_however_they_are_written(read_bytes, fields):
    assert read_bytes(response(STATUS + fields + b"\r\n" + HTML), "a.warc").texts == [TEXT]


def test_a_charset_is_found_in_any_of_several_content_types(read_bytes):
    fields = b"Content-Type: text/html\r\nContent-Type: text/html; Charset = 'koi8-r'\r\n\r\n"
    body = "<p>Привет, мир, как дела".encode("koi8-r")
    (document,) = read_bytes(response(STATUS + fields + body), "a.warc").documents
    assert (document.text, document.meta["encoding"]) == ("Привет, мир, как дела", "koi8-r")


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r\n\r\n"])
def test_a_header_without_end_or_body_is_an_empty_page(read_bytes, end):
    assert read_bytes(response(STATUS + TYPE.strip() + end), "a.warc").reasons == ["empty"]


def test_markup_ends_a_header_that_lacks_its_empty_line(read_bytes):
    assert read_bytes(response(STATUS + TYPE + HTML), "a.warc").texts == [TEXT]


def test_interim_responses_are_passed_over(read_bytes):
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    (document,) = read_bytes(response(interim + STATUS + TYPE + b"\r\n" + HTML), "a.warc").documents
    assert (document.text, document.meta["http_status"]) == (TEXT, "200")


@pytest.mark.parametrize(
    ("http", "detail"),
    [
        (HTML, "an HTTP response without a status line"),
        (TYPE + b"\r\n" + HTML, "an HTTP response without a status line"),
        (b"HTTP/1.1 OK\r\n" + TYPE + b"\r\n" + HTML, "an HTTP response without a status line"),
        (b"HTTP/1.1 2000 OK\r\n" + TYPE + b"\r\n" + HTML, "an HTTP response without a status line"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "an HTTP response with only the interim status 100"),
        (STATUS + b"X: y\r\n" * 60_000 + b"\r\n", "an HTTP response with a header that does not end within 256 KiB"),
    ],
)
def test_what_is_no_response_is_a_reject_that_says_so(read_bytes, http, detail):
    reject = read_bytes(response(http), "a.warc").one_reject()
    assert (reject.reason, reject.detail) == ("malformed_record", detail)


@pytest.mark.parametrize("status", [200, 206, 301, 404, 410, 500, 503])
def test_the_reader_rejects_no_page_for_its_status(read_bytes, status):
    http = f"HTTP/1.1 {status} x\r\nContent-Type: text/html\r\n\r\n".encode() + HTML
    (document,) = read_bytes(response(http), "a.warc").documents
    assert (document.text, document.meta["http_status"]) == (TEXT, str(status))


def test_a_response_whose_record_names_no_type_is_known_by_its_status_line(read_bytes):
    record = response(STATUS + TYPE + b"\r\n" + HTML)
    without = record.replace(b"Content-Type: application/http; msgtype=response\r\n", b"")
    assert len(without) < len(record)
    assert read_bytes(without, "a.warc").texts == [TEXT]


PIECES = st.sampled_from(
    [
        *(STATUS, b"HTTP/1.1 100\r\n", TYPE, b"Content-Type: \r\n", b"\r\n", b"\n", b" ", b":", b"\xe9", b"<p>page"),
        *(b"Content-Encoding: %s\r\n" % coding for coding in (b"gzip", b"deflate", b"br", b"zstd", b"other")),
        *(b"Transfer-Encoding: chunked\r\n", b"4\r\n", b"0\r\n"),
        *(b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\x78\x9c", b"%PDF-"),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=14).map(b"".join), st.booleans())
def test_whatever_bytes_a_response_holds_it_is_one_document_or_reject_or_is_counted(read_bytes, http, cut):
    reading = read_bytes(response(http, *(["WARC-Truncated: length"] if cut else [])), "a.warc")
    assert len(reading.records) + reading.skipped.total() == 1


def test_fields_keep_every_value_in_order_under_any_case():
    fields, end = header_fields.parse(b"A: 1\r\nb: x\r\na:  2\n 3\r\n\r\nrest")
    assert (list(fields.all("A")), fields.first("B"), fields.first("c")) == (["1", "2 3"], "x", "")
    assert end == 24
