import gzip
import json

import pytest
import zstandard


def test_each_object_is_a_document_at_its_byte_offset(read_bytes):
    lines = ['{"text": "één"}', '{"text": "two"}']
    reading = read_bytes("\n".join(lines).encode(), "a.jsonl")
    assert reading.texts == ["één", "two"]
    assert [d.position for d in reading.documents] == [0, len(lines[0].encode()) + 1]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_files_read_as_plain_ones(read_bytes, compress):
    content = b'{"text": "one"}\n{"text": "two"}\n'
    plain = read_bytes(content, "a.jsonl")
    suffix = "gz" if compress is gzip.compress else "zst"
    assert read_bytes(compress(content), f"a.jsonl.{suffix}").records == plain.records


def test_wanted_fields_go_to_meta(read_bytes):
    record = {"body": {"text": "x"}, "key": 7, "link": "http://a", "tags": ["b", "a"], "other": 1}
    reading = read_bytes(
        json.dumps(record).encode(),
        "a.jsonl",
        text_column="body.text",
        id_column="key",
        url_column="link",
        meta_columns=("tags", "absent"),
    )
    assert reading.documents[0].meta == {"id": "7", "url": "http://a", "tags": '["b", "a"]'}


def test_blank_lines_are_no_records(read_bytes):
    assert read_bytes(b'\n  \r\n{"text": "x"}\r\n\n', "a.jsonl").texts == ["x"]


def test_byte_order_mark_is_no_json(read_bytes):
    assert read_bytes(b'\xef\xbb\xbf{"text": "x"}\n', "a.jsonl").texts == ["x"]


def test_utf16_lines_are_read(read_bytes):
    content = '{"text": "één"}\n{"text": "two ਊ"}\n'.encode("utf-16")  # U+0A0A holds two bytes 0x0A
    assert read_bytes(content, "a.jsonl", split_bytes=7).texts == ["één", "two ਊ"]


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"{not json", "malformed_json", "Expecting"),
        (b'{"text": "cut off', "malformed_json", "Unterminated"),
        (b'["text"]', "malformed_json", "array, not an object"),
        (b"null", "malformed_json", "null, not an object"),
        (b"[" * 100_000, "malformed_json", ""),
        (b"1" * 5000, "malformed_json", "digits"),
        (b'{"body": "x"}', "missing_text", "keys here: body"),
        (b'{"text": null}', "missing_text", "null or absent"),
        (b'{"text": 3}', "missing_text", "number"),
        (b'{"text": ["x"]}', "missing_text", "array"),
        (b'{"text": ""}', "empty", ""),
        (b'{"text": " \\n "}', "empty", ""),
        (b'{"text": "a\\u0000b"}', "null_character", "character 1"),
        (b'{"text": "\xff\xfe"}', "encoding", "JSON is UTF-8"),
    ],
)
def test_a_bad_line_is_one_reject_between_two_documents(read_bytes, line, reason, detail):
    reading = read_bytes(b'{"text": "before"}\n' + line + b'\n{"text": "after"}\n', "a.jsonl")
    assert reading.texts == ["before", "after"]
    reject = reading.one_reject()
    assert (reject.reason, reject.position, reject.sample) == (reason, 19, line[:256])
    assert detail in reject.detail


def test_a_line_over_the_limit_is_oversized_and_the_next_is_read(read_bytes):
    long = b'{"text": "' + b"x" * 700_000 + b'"}'
    reading = read_bytes(long + b'\n{"text": "y"}', "a.jsonl", max_document_bytes=300_000)
    assert reading.texts == ["y"]
    assert reading.documents[0].position == len(long) + 1
    assert (reading.one_reject().reason, reading.one_reject().sample) == ("oversized", long[:256])


def test_a_lone_surrogate_becomes_the_replacement_character_and_is_counted(read_bytes):
    (document,) = read_bytes(b'{"text": "so funny \\ud83d"}\n', "a.jsonl").documents
    assert (document.text, document.meta["undecodable"]) == ("so funny \ufffd", "1")


def test_a_lone_surrogate_is_a_reject_when_configured(read_bytes):
    reject = read_bytes(b'{"text": "so funny \\ud83d"}\n', "a.jsonl", undecodable="reject").one_reject()
    assert (reject.reason, reject.detail) == ("encoding", "1 unpaired surrogates")


def test_a_pair_of_surrogates_is_the_character_it_stands_for(read_bytes):
    (document,) = read_bytes(b'{"text": "so funny \\ud83d\\ude00"}\n', "a.jsonl").documents
    assert (document.text, document.meta) == ("so funny \U0001f600", {})


def test_surrogates_encoded_one_by_one_are_joined_and_counted(read_bytes):
    (document,) = read_bytes(b'{"text": "so \xed\xa0\xbd\xed\xb8\x80 funny"}\n', "a.jsonl").documents
    assert (document.text, document.meta["joined_surrogates"]) == ("so \U0001f600 funny", "1")


def test_a_character_that_was_cut_in_two_costs_itself_not_the_line(read_bytes):
    line = '{"text": "Все люди рождаются свободн'.encode()[:-1] + b'"}'
    (document,) = read_bytes(line, "a.jsonl").documents
    assert (document.text, document.meta["undecodable"]) == ("Все люди рождаются свобод\ufffd", "1")


def test_another_encoding_can_be_configured(read_bytes):
    assert read_bytes('{"text": "né"}'.encode("latin-1"), "a.jsonl", encoding="latin-1").texts == ["né"]
