import pytest


def test_a_file_is_a_document(read_bytes):
    reading = read_bytes(b"one\n\ntwo\n", "a.txt")
    assert reading.texts == ["one\n\ntwo\n"]
    assert reading.documents[0].position == 0


def test_lines_are_documents_and_blank_lines_are_not(read_bytes):
    reading = read_bytes(b"one\r\n\n  \ntwo", "a.txt", unit="line")
    assert [(d.position, d.text) for d in reading.documents] == [(0, "one"), (9, "two")]


def test_paragraphs_are_what_stands_between_blank_lines(read_bytes):
    reading = read_bytes(b"\n\none\nmore\n \t\r\n\ntwo\n", "a.txt", unit="paragraph")
    assert [(d.position, d.text) for d in reading.documents] == [(2, "one\nmore"), (16, "two")]


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
def test_a_file_without_text_is_empty(read_bytes, content):
    assert read_bytes(content, "a.txt").reasons == ["empty"]


def test_null_bytes_are_rejected(read_bytes):
    assert read_bytes(b"text\0binary", "a.txt").one_reject().reason == "null_character"


def test_undecodable_bytes_are_rejected_with_a_sample(read_bytes):
    reject = read_bytes(b"odd \x81 byte", "a.txt").one_reject()
    assert (reject.reason, reject.sample) == ("encoding", b"odd \x81 byte")


def test_a_file_over_the_limit_is_oversized(read_bytes):
    assert read_bytes(b"x" * 1001, "a.txt", max_document_bytes=1000).reasons == ["oversized"]
    assert read_bytes(b"x" * 1000, "a.txt", max_document_bytes=1000).texts == ["x" * 1000]


def test_a_legacy_encoding_is_noted_in_meta(read_bytes):
    text = "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. " * 3
    (document,) = read_bytes(text.encode("cp1250"), "a.txt").documents
    assert (document.text, document.meta) == (
        text,
        {"encoding": "cp1250", "encoding_source": "detected"},
    )


def test_lines_take_the_encoding_of_the_file_they_are_in(read_bytes):
    lines = ["Всеобщая декларация прав человека", "Принята", "и"] * 40
    reading = read_bytes("\n".join(lines).encode("koi8-r"), "a.txt", split_bytes=100, unit="line")
    assert reading.texts == lines


def test_a_bad_byte_in_a_utf8_file_costs_its_line_only(read_bytes):
    reading = read_bytes("één\n".encode() + b"b\xe9\n" + "três\n".encode(), "a.txt", unit="line")
    assert reading.texts == ["één", "três"]
    assert reading.one_reject().reason == "encoding"


def test_a_paragraph_over_the_limit_is_oversized_and_the_next_is_read(read_bytes):
    content = b"x\n" * 600 + b"\nnext\n"
    reading = read_bytes(content, "a.txt", unit="paragraph", max_document_bytes=1000)
    assert (reading.reasons, reading.texts) == (["oversized"], ["next"])


def test_a_long_line_makes_its_whole_paragraph_bad(read_bytes):
    content = b"start\n" + b"x" * 2000 + b"\nend\n\nnext\n"
    reading = read_bytes(content, "a.txt", unit="paragraph", max_document_bytes=1000)
    assert (reading.reasons, reading.texts) == (["oversized"], ["next"])
    assert reading.one_reject().position == 0
