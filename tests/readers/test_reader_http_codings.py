"""Transfer and content codings of archived responses: undone where the bytes have them, whatever the header says."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from archives import PAGE, Archive, response
from hypothesis import given, settings
from hypothesis import strategies as st

HTML = PAGE.format("some words").encode()


def deflate(content: bytes) -> bytes:
    """Raw, as many servers send it."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def chunked(content: bytes, size: int = 1000) -> bytes:
    """In chunks of a size; the sizes have the padding and the extensions that servers write."""
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    framed = [b"%x%s\r\n%s\r\n" % (len(part), (b"", b"  ", b";n=1")[n % 3], part) for n, part in enumerate(parts)]
    return b"".join(framed) + b"0\r\n\r\n"


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


def page(content: bytes, media: str = "text/html", **claims: str) -> bytes:
    """An archive of one response; `Content_Encoding="br"` claims a coding."""
    headers = [("Content-Type", media), *((name.replace("_", "-"), value) for name, value in claims.items())]
    return Archive().add("response", content, headers).bytes


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings_are_undone(read_bytes, coding):
    archive = page(CODINGS[coding](HTML), Content_Encoding=coding.removeprefix("raw "))
    assert read_bytes(archive, "a.warc.gz").texts == ["some words"]


@pytest.mark.parametrize(
    "claims",
    [
        {"Transfer_Encoding": "chunked"},
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "deflate"},
        {"Content_Encoding": "br"},
        {"Content_Encoding": "zstd"},
        {"Content_Encoding": "gzip", "Transfer_Encoding": "chunked"},
        {"Content_Encoding": "br", "Transfer_Encoding": "Chunked"},
        {"Content_Encoding": "gzip, br", "Transfer_Encoding": "gzip, chunked"},
        {"Content_Encoding": "UTF-8"},
        {"Content_Encoding": "none"},
        {"Content_Encoding": "8bit"},
    ],
)
@pytest.mark.parametrize(
    ("media", "content"),
    [
        ("text/html", HTML),
        ("text/html", b"\r\n\r\n " + HTML),
        ("text/html", b"<!-- \x0b\x02 -->" + HTML),
        ("text/html", HTML.decode().encode("utf-16")),
        ("text/plain", b"some words"),
        ("text/plain", b"x^2 + y, some words"),  # begins like zlib
        ("text/plain", b"cafe\r\nsome words"),  # begins like a chunk
        ("text/plain", b"3\r\nabc\r\nsome words"),  # begins with a chunk
        ("text/plain", b"0\r\nsome words"),  # begins like the last chunk
    ],
)
def test_a_body_that_is_stored_decoded_is_read_as_it_is(read_bytes, media, content, claims):
    (text,) = read_bytes(page(content, media, **claims), "a.warc.gz").texts
    assert text == ("some words" if media == "text/html" else content.decode())


@pytest.mark.parametrize("claims", [{"Transfer_Encoding": "chunked"}, {}])
def test_chunks_that_are_there_are_joined_whether_the_header_names_them_or_not(read_bytes, claims):
    assert read_bytes(page(chunked(HTML, 20), **claims), "a.warc.gz").texts == ["some words"]


@pytest.mark.parametrize("end", [b"0\r\n", b"0", b"000\r\n\r\n", b"0\r\nX-Checksum: 1\r\n\r\n", b"0\r\n\r\nleft over"])
def test_the_last_chunk_ends_the_body_however_it_is_written(read_bytes, end):
    body = chunked(HTML).removesuffix(b"0\r\n\r\n") + end
    assert read_bytes(page(body, Transfer_Encoding="chunked"), "a.warc.gz").texts == ["some words"]


def test_a_coding_under_the_name_of_another_is_undone(read_bytes):
    for claimed in ("br", "deflate", "gzip, gzip"):
        assert read_bytes(page(gzip.compress(HTML), Content_Encoding=claimed), "a.warc.gz").texts == ["some words"]


def test_a_transfer_coding_may_compress(read_bytes):
    body = chunked(gzip.compress(brotli.compress(HTML)))
    archive = page(body, Content_Encoding="br", Transfer_Encoding="gzip, chunked")
    assert read_bytes(archive, "a.warc.gz").texts == ["some words"]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_payload_of_several_members_is_read_to_its_end(read_bytes, coding):
    compress = CODINGS[coding]
    body = compress(HTML[:30]) + compress(HTML[30:]) + b"\0" * 8
    assert read_bytes(page(body, Content_Encoding=coding), "a.warc.gz").texts == ["some words"]


LINES = st.sampled_from(
    ["beef", "1f", "0", "ff;x=y", "A page of words.", "x^ y", "{}", "Ärger über Öl", "10", "HTTP/1"]
)
TEXTS = st.lists(LINES, min_size=1, max_size=6).map("\r\n".join).map(lambda text: f"{text}\r\nThe end of the page.")
# what is applied -> what the header may claim for it to be known
KNOWN = {
    "gzip": ["gzip", "x-gzip", "br", "deflate", "gzip, gzip"],
    "zstd": ["zstd", "gzip", "br"],
    "deflate": ["deflate"],
    "raw deflate": ["deflate"],
    "br": ["br", "BR"],
    "identity": ["", "identity", "gzip", "br", "deflate", "zstd", "gzip, br", "compress", "utf-8"],
}
APPLIED = st.sampled_from(sorted(KNOWN)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(KNOWN[name])))


@settings(max_examples=300, deadline=None)
@given(TEXTS, APPLIED, st.one_of(st.none(), st.integers(1, 400)), st.booleans(), st.booleans())
def test_any_combination_of_codings_and_claims_reads_to_the_same_text(read_bytes, text, applied, size, claimed, html):
    content = (PAGE.format(text) if html else text).encode()
    body = CODINGS[applied[0]](content)
    body = body if size is None else chunked(body, size)
    claims = {"Content_Encoding": applied[1]} if applied[1] else {}
    claims |= {"Transfer_Encoding": "chunked"} if claimed else {}
    archive = page(body, "text/html; charset=utf-8" if html else "text/plain; charset=utf-8", **claims)
    (found,) = read_bytes(archive, "a.warc.gz").texts
    assert found.split() == text.split()


@pytest.mark.parametrize(
    ("payload", "coding", "reason"),
    [
        (gzip.compress(PAGE.encode() * 9, mtime=0)[:-20], "gzip", "truncated"),
        (zlib.compress(PAGE.encode() * 9)[:-20], "deflate", "truncated"),
        (deflate(PAGE.encode() * 9)[:-20], "deflate", "truncated"),
        (brotli.compress(PAGE.encode() * 9)[:-9], "br", "corrupt"),
        (zstandard.ZstdCompressor().compress(PAGE.encode() * 9)[:-9], "zstd", "truncated"),
        (gzip.compress(bytes(2 << 20), mtime=0), "gzip", "decompression_bomb"),
        (zlib.compress(bytes(2 << 20)), "deflate", "decompression_bomb"),
        (brotli.compress(bytes(2 << 20)), "br", "decompression_bomb"),
        (zstandard.ZstdCompressor().compress(bytes(2 << 20)), "zstd", "decompression_bomb"),
        (b"\x01\x02\x03", "sdch", "unsupported"),
        (b"\x1f\x9d\x90 packed", "compress", "unsupported"),
        (b"", "identity", "empty"),
        (b"<p>odd \x81 byte", "identity", "encoding"),
        (b"<html><body>" + b"x" * 600_000, "identity", "oversized"),
    ],
)
def test_a_bad_payload_is_one_reject(read_bytes, payload, coding, reason):
    headers = [("Content-Type", "text/html"), ("Content-Encoding", coding)]
    archive = Archive().page("before").add("response", payload, headers).page("after")
    reading = read_bytes(archive.bytes, "a.warc.gz", max_document_bytes=500_000, max_decompressed_bytes=1 << 20)
    assert reading.texts == ["before", "after"]
    reject = reading.one_reject()
    assert (reject.reason, reject.position) == (reason, archive.offsets[1])
    assert reject.sample.startswith(b"WARC/1")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (chunked(HTML, 30)[:60], "truncated"),  # in the second chunk
        (chunked(HTML)[:40], "truncated"),  # in the first
        (chunked(HTML, 30)[:64], "truncated"),  # in a size
        (chunked(gzip.compress(HTML, mtime=0))[:30], "truncated"),
        (chunked(HTML, 30).replace(b"1e", b"zz", 2).replace(b"zz", b"1e", 1), "corrupt"),  # no size
        (chunked(HTML, 30).replace(b"1e", b"1d", 1), "corrupt"),  # a wrong size
    ],
)
def test_broken_chunks_are_one_reject(read_bytes, body, reason):
    assert read_bytes(page(body, Transfer_Encoding="chunked"), "a.warc.gz").reasons == [reason]


PARAGRAPHS = 12_000
LONG = PAGE.format("</p><p>".join(f"Paragraph {n}: {zlib.crc32(b'%d' % n)}." for n in range(PARAGRAPHS))).encode()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("frame", [bytes, chunked])
def test_a_record_that_the_archive_cut_is_read_as_far_as_it_goes(read_bytes, coding, frame):
    body = frame(CODINGS[coding](LONG))
    claims = f"Transfer-Encoding: chunked\r\nContent-Encoding: {coding.removeprefix('raw ')}"
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{claims}\r\n\r\n".encode() + body[: len(body) // 2]
    (document,) = read_bytes(response(http, "WARC-Truncated: Length"), "a.warc").documents
    assert document.text.startswith("Paragraph 0: ")
    assert 0.2 < document.text.count("Paragraph") / PARAGRAPHS < 0.8
    assert document.meta["warc_truncated"] == "length"
