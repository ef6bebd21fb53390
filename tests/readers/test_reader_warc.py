"""Web archives: their records, compressed or not, whole or damaged."""

import base64
import gzip
import io
import time
import zlib

import pytest
import zstandard
from archives import PAGE, Archive, response
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.record import ReadStatistics
from pipelines.readers.splits import split


def test_pages_become_their_main_text(read_bytes):
    archive = Archive().page("Žluťoučký kůň příšerně úpěl.")
    (document,) = read_bytes(archive.bytes, "a.warc.gz").documents
    assert document.text == "Žluťoučký kůň příšerně úpěl."
    assert document.meta["url"] == "http://example.org/"
    assert document.meta["content_type"] == "text/html"
    assert document.meta["http_status"] == "200"
    assert document.meta["id"].startswith("<urn:uuid:")
    assert document.meta["date"]


@pytest.mark.parametrize("compressed", [True, False])
def test_positions_are_offsets_as_in_indexes(read_bytes, compressed):
    archive = Archive(compressed).text("one").text("two").text("three")
    reading = read_bytes(archive.bytes, "a.warc.gz" if compressed else "a.warc")
    assert [d.position for d in reading.documents] == archive.offsets
    assert reading.texts == ["one", "two", "three"]


def test_records_that_are_no_text_are_counted_not_lost(read_bytes):
    archive = Archive().page("a page").add("request", b"", []).add("metadata", b"x: y").text("text")
    archive.add("response", b"\x89PNG", [("Content-Type", "image/png")])
    archive.add("resource", b"{}", warc_content_type="application/json")
    archive.add("response", b"?", [("Content-Type", "whatever nonsense")])
    reading = read_bytes(archive.bytes, "a.warc.gz")
    assert len(reading.documents) == 2
    assert reading.skipped == {
        "request": 1,
        "metadata": 1,
        "response image": 1,
        "resource application": 1,
        "response unknown": 1,
    }
    assert len(list(ArchiveIterator(io.BytesIO(archive.bytes)))) == len(reading.records) + reading.skipped.total()


def test_an_archive_compressed_as_a_whole_is_read(read_bytes):
    plain = Archive(compressed=False).text("one").text("two").bytes
    for content, suffix in ((gzip.compress(plain), "gz"), (zstandard.ZstdCompressor().compress(plain), "zst")):
        reading = read_bytes(content, f"a.warc.{suffix}", split_bytes=50)
        assert [(d.position, d.text) for d in reading.documents] == [(0, "one"), (1, "two")]


def test_an_archive_compressed_in_blocks_is_read(read_bytes):
    plain = Archive(compressed=False).text("one" * 300).text("two" * 300).bytes
    blocks = b"".join(gzip.compress(plain[at : at + 100]) for at in range(0, len(plain), 100))
    assert read_bytes(blocks, "a.warc.gz", split_bytes=50).texts == ["one" * 300, "two" * 300]


def test_zstd_with_a_dictionary_in_its_first_frame(read_bytes):
    records = [Archive(compressed=False).text(f"record number {n} of the archive").bytes for n in range(200)]
    dictionary = zstandard.train_dictionary(2000, records)
    compressor = zstandard.ZstdCompressor(dict_data=dictionary)
    frames = b"".join(map(compressor.compress, records))
    for payload in (dictionary.as_bytes(), zstandard.ZstdCompressor().compress(dictionary.as_bytes())):
        first = (0x184D2A5D).to_bytes(4, "little") + len(payload).to_bytes(4, "little") + payload
        for size in (1 << 40, 500):
            reading = read_bytes(first + frames, "a.warc.zst", split_bytes=size)
            assert reading.texts == [f"record number {n} of the archive" for n in range(200)]


@pytest.mark.parametrize(
    ("value", "mark"),
    [("length", "length"), ("Time", "time"), (" disconnect ", "disconnect"), ("", "unspecified")],
)
def test_a_page_that_the_archive_cut_is_a_document_that_says_so(read_bytes, value, mark):
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>The beginning of a long page, whose e"
    (document,) = read_bytes(response(http, f"WARC-Truncated: {value}"), "a.warc").documents
    assert document.text == "The beginning of a long page, whose e"
    assert document.meta["warc_truncated"] == mark


def test_whole_pages_are_not_marked_as_cut(read_bytes):
    assert "warc_truncated" not in read_bytes(Archive().page("a page").bytes, "a.warc.gz").documents[0].meta


def test_the_first_segment_of_a_record_is_marked_and_the_others_are_counted(read_bytes):
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nThe first segment"
    first = response(http, "WARC-Segment-Number: 1")
    second = first.replace(b"response\r\nWARC-T", b"continuation\r\nWARC-T").replace(b"Number: 1", b"Number: 2")
    reading = read_bytes(first + second, "a.warc")
    (document,) = reading.documents
    assert (document.text, document.meta["warc_truncated"]) == ("The first segment", "segment")
    assert reading.skipped == {"continuation": 1}


def test_a_revisit_is_counted_and_its_content_is_not_taken_from_its_headers(read_bytes):
    archive = Archive().page("a page").add("revisit", b"", [("Content-Type", "text/html")])
    reading = read_bytes(archive.bytes, "a.warc.gz")
    assert (reading.texts, reading.skipped) == (["a page"], {"revisit": 1})


def test_a_conversion_is_text_of_the_page_it_was_made_from(read_bytes):
    (document,) = read_bytes(Archive().text("Žluťoučký kůň").bytes, "a.warc.wet.gz").documents
    assert (document.text, document.meta["content_type"]) == ("Žluťoučký kůň", "text/plain")
    assert document.meta["url"] == "http://example.org/"
    assert "http_status" not in document.meta


def test_fields_of_a_record_are_read_however_they_are_written(read_bytes):
    lines = (b"WARC/1.0", b"warc-type :  Conversion", b"WARC-Target-URI:", b" <http://example.org/>", b"no field")
    fields = b"\r\n".join((*lines, b"content-type:text/plain", b"Content-Length: 9"))
    record = fields + b"\r\n\r\nsome text\r\n\r\n"
    (document,) = read_bytes(record, "a.warc").documents
    assert (document.text, document.meta["url"]) == ("some text", "http://example.org/")


def test_charset_comes_from_http_then_from_the_page(read_bytes):
    text = "Привет, мир"
    page = PAGE.replace("<title>", '<meta charset="koi8-r"><title>').format(text)
    archive = Archive().add("response", page.encode("cp1251"), [("Content-Type", "text/html; charset=windows-1251")])
    archive.add("response", page.encode("koi8-r"), [("Content-Type", "text/html")])
    reading = read_bytes(archive.bytes, "a.warc.gz")
    assert reading.texts == [text, text]
    assert [d.meta["encoding"] for d in reading.documents] == ["cp1251", "koi8-r"]


def test_resources_are_pages_without_http(read_bytes):
    archive = Archive().add("resource", PAGE.format("some words").encode(), warc_content_type="text/html")
    assert read_bytes(archive.bytes, "a.warc.gz").texts == ["some words"]


def record(header: bytes, block: bytes = b"some text", end: bytes = b"\r\n\r\n") -> bytes:
    lines = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\n"
    return lines + header + b"\r\n\r\n" + block + end


GOOD = record(b"Content-Length: 9")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(b"Content-Length: 5"), "wrong_length"),
        (record(b"Content-Length: 12"), "wrong_length"),
        (record(b"Content-Length: 99999999999"), "wrong_length"),
        (record(b"Content-Length: -1"), "wrong_length"),
        (record(b"Content-Length: nine"), "wrong_length"),
        (record(b"X-Length: 9"), "wrong_length"),
        (b"WARC/1.0\r\nContent-Length: 9\r\n\r\nsome text\r\n\r\n", "malformed_record"),
        (b"WARC/1.0 without any header\r\n\r\n", "malformed_record"),
        (b"no record at all\r\n\r\n", "malformed_record"),
        (b"WARC/1.0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", "malformed_record"),
        (record(b"Content-Length: 600000", b"x" * 600_000), "oversized"),
        (record(b"Content-Length: 10", b"some \xff\x81 xx"), "encoding"),
        (record(b"Content-Length: 8", b"nul \0 in"), "null_character"),
        (record(b"Content-Length: 3", b" \r\n"), "empty"),
        (GOOD.replace(b"conversion", b"response").replace(b"text/plain", b"application/http"), "malformed_record"),
    ],
)
@pytest.mark.parametrize("compress", [None, gzip.compress])
def test_a_bad_record_is_one_reject_between_two_documents(read_bytes, bad, reason, compress):
    compress = compress or bytes
    content = b"".join(map(compress, (GOOD, bad, GOOD)))
    reading = read_bytes(content, "a.warc" if compress is bytes else "a.warc.gz", max_document_bytes=500_000)
    assert reading.texts == ["some text", "some text"]
    assert reading.documents[1].position == len(content) - len(compress(GOOD))
    reject = reading.one_reject()
    assert (reject.reason, reject.sample[:20]) == (reason, bad[:20])
    assert bad.startswith(reject.sample)
    # in a member of its own what is no record goes with the record before it
    no_record = compress is not bytes and not bad.startswith(b"WARC/")
    assert reject.position == (1 if no_record else len(compress(GOOD)))


def test_an_unknown_record_type_is_counted(read_bytes):
    assert read_bytes(GOOD.replace(b"conversion", b"confection"), "a.warc").skipped == {"unknown": 1}


def test_line_feeds_alone_may_end_headers(read_bytes):
    assert read_bytes(GOOD.replace(b"\r\n", b"\n") * 2, "a.warc").texts == ["some text"] * 2


@pytest.mark.parametrize("cut", [1, 5, 8, 9, 20, 50, 80])
def test_a_truncated_last_member_is_one_reject(read_bytes, cut):
    archive = Archive().text("one").text("two")
    reading = read_bytes(archive.bytes[:-cut], "a.warc.gz")
    assert (reading.texts, reading.reasons) == (["one"], ["truncated"])
    assert reading.one_reject().position == archive.offsets[1]


def test_a_checksum_that_does_not_fit_rejects_the_record_before_it(read_bytes):
    archive = Archive().text("one").text("two").text("three")
    content = bytearray(archive.bytes)
    content[archive.offsets[2] - 6] ^= 1
    reading = read_bytes(bytes(content), "a.warc.gz")
    assert (reading.texts, reading.reasons) == (["one", "three"], ["corrupt"])
    assert reading.one_reject().position == archive.offsets[1]


def test_records_before_the_damage_in_a_single_member_are_read(read_bytes):
    archive = Archive(compressed=False)
    for n in range(500):
        archive.text(f"record {n} {zlib.crc32(b'%d' % n)}")
    content = gzip.compress(archive.bytes)
    reading = read_bytes(content[: len(content) // 2], "a.warc.gz")
    assert 100 < len(reading.texts) < 400
    assert reading.reasons == ["truncated"]


@pytest.mark.parametrize(
    "content", [b"not gzip at all", gzip.compress(b"no archive inside", mtime=0), b"\x1f\x8b\x08"]
)
def test_a_file_that_is_no_archive_is_one_reject(read_bytes, content):
    assert read_bytes(content, "a.warc.gz").reasons == ["corrupt"]


@pytest.fixture(scope="module")
def real_archive() -> bytes:
    archive = Archive()
    for n in range(8):
        archive.page(f"Page {n} has words, as pages do.").text(f"text {n}").add("metadata", b"x: y")
    return archive.bytes


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_raises_or_loses_count(read_bytes, real_archive, data):
    plain = data.draw(st.booleans())
    content = bytearray(gzip.decompress(real_archive) if plain else real_archive)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 30))
        content[at : at + length] = data.draw(st.binary(max_size=30))
    read_bytes(bytes(content), "a.warc" if plain else "a.warc.gz", data.draw(st.integers(100, 10_000)))


# Found by fuzzing: a member of Common Crawl whose line feeds became spaces. Deflate goes on over whatever follows it.
ASTRAY = base64.b64decode(
    "H4sIAAAAAAACA5WQXW/aMBSG75H4D5GvOSSxgxOsqRItoKGtFeNDtEy7cOwTsJrGUWLaoar/fabLPrS7yTfnvD7v8x57N1ndhPEw"
    "6vd2voLNuUYRPKGTWjrZiVPpvEgjmkA0gjjbRLEYZSKO9t3AIJVtNCymIvhwaipxOhkt1Bg1jjlCippCouMUspznUORM0yQqkiSh"
    "V/3eja0cVg4+Y3Vwx0tM/Ef8uY6s69Io6YytwhfZKCgMlrrtwndeMVVh/4nnPNNZVihIaJRBEvsqZzSFWEqu8jRjjMVXHcLHqVPT"
    "vCfavyFUyhyLggJPixEk3JOyhHPALFWc+sfRnP+CbGRzQAfb1UIER+fqrGRQL+NsUC/DdFCgIvAf/H8D1898rnSBAt9PDn8P/KHV"
    "vr12e+3/AzqA5cmmJQEA"
)


def test_members_that_go_on_over_the_next_ones_cost_no_more_than_their_number(tmp_path):
    """Each was once expanded to the end of the file: a few megabytes took minutes."""
    intact = gzip.compress(warc_text(b"still read"))
    read_per_member = []
    for count in (700, 2100):
        path = tmp_path / f"{count}.warc.gz"
        path.write_bytes(ASTRAY * count + intact)
        config, statistics = SourceConfig(name="s", path=str(path)), ReadStatistics()
        records = list(read(split(list_files(config), config, 1 << 40)[0], statistics))
        assert [record.position for record in records] == [len(ASTRAY) * n for n in range(count + 1)]
        assert records[0].detail == "goes on over the records behind it"
        assert records[-1].text == "still read"
        read_per_member.append(statistics.bytes / count)
    assert read_per_member[1] < 1.5 * read_per_member[0]


def test_a_header_that_another_one_interrupts_costs_itself_alone(read_bytes):
    """Found by fuzzing: the next record was taken for the rest of the header, and looking for its end took minutes."""
    cut = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 7\r\n"
    started = time.process_time()
    reading = read_bytes(cut + b"WARC/1.0\r\n" * 20_000 + warc_text(b"still read"), "a.warc")
    assert time.process_time() - started < 10
    assert reading.reasons == ["malformed_record"] * 20_001
    assert [(document.text, document.position) for document in reading.documents] == [
        ("still read", len(cut) + 200_000)
    ]


@pytest.mark.parametrize(("compress", "suffix"), [(gzip.compress, "gz"), (zstandard.compress, "zst")])
@pytest.mark.parametrize("split_bytes", [1 << 40, 100])
def test_more_records_than_compressed_bytes_do_not_take_the_positions_of_the_next(
    read_bytes, compress, suffix, split_bytes
):
    """Found by fuzzing: equal texts at equal positions would have had equal ids, and the whole run failed."""
    bomb = compress(warc_text(b"again") * 3000)
    reading = read_bytes(bomb + compress(warc_text(b"still read")) * 3, f"a.warc.{suffix}", split_bytes)
    assert len(bomb) < 3000
    assert reading.texts == ["again"] * (len(bomb) - 1) + ["still read"] * 3
    assert reading.one_reject().reason == "decompression_bomb"
    assert reading.one_reject().detail == f"{len(bomb):,} compressed bytes hold more than {len(bomb) - 1:,} records"


def test_an_archive_compressed_as_a_whole_keeps_every_record(read_bytes):
    texts = [f"text {n} {n * n} {n**3}" for n in range(500)]
    archive = gzip.compress(b"".join(warc_text(text.encode()) for text in texts))
    assert read_bytes(archive, "a.warc.gz").texts == texts


def warc_text(text: bytes) -> bytes:
    head = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\n"
    return head + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(text), text)
