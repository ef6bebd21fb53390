"""Legacy encodings, bad bytes and surrogates in every format: the same rule, however a file is split."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from legacy_texts import CZECH, JAPANESE, KOREAN, RUSSIAN, WRITTEN

from pipelines.readers.encoding import decode

LINES = [f"{RUSSIAN} {number}" for number in range(40)]


def parquet(values: list[bytes]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": pa.array(values, pa.binary()).view(pa.string())}), out)  # as broken writers do
    return out.getvalue()


def damaged(text: str, bad: bytes) -> bytes:
    """The text in UTF-8 with something bad behind its third word."""
    words = text.encode().split(b" ")
    return b" ".join([*words[:3], bad, *words[3:]])


IN_EVERY_FORMAT = {
    "a.txt": lambda data: data,
    "a.md": lambda data: data,
    "a.html": lambda data: b"<html><body><main><p>" + data + b"</p></main></body></html>",
    "a.jsonl": lambda data: b'{"text": "' + data + b'"}\n',
    "a.json": lambda data: b'[{"text": "' + data + b'"}]',
    "a.csv": lambda data: b'text\n"' + data + b'"\n',
    "a.tsv": lambda data: b"text\n" + data + b"\n",
    "a.parquet": lambda data: parquet([data]),
}


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
@pytest.mark.parametrize("bad", [b"\xff", b"\xd0", b"\xed\xa0\xbd"], ids=["no lead byte", "cut off", "lone surrogate"])
def test_what_is_no_character_is_replaced_and_counted_in_every_format(read_bytes, name, bad):
    (document,) = read_bytes(IN_EVERY_FORMAT[name](damaged(RUSSIAN, bad)), name).documents
    words = RUSSIAN.split(" ")
    assert document.text == " ".join([*words[:3], "\ufffd", *words[3:]])
    assert (document.meta["encoding"], document.meta["undecodable"]) == ("utf-8", "1")


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
def test_pairs_of_surrogates_are_joined_and_counted_in_every_format(read_bytes, name):
    content = IN_EVERY_FORMAT[name](damaged(RUSSIAN, b"\xed\xa0\xbd\xed\xb8\x80"))
    (document,) = read_bytes(content, name, undecodable="reject").documents
    assert "\U0001f600" in document.text
    assert document.meta["joined_surrogates"] == "1"


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\xbd"], ids=["no lead byte", "lone surrogate"])
def test_what_is_no_character_is_a_reject_when_configured_in_every_format(read_bytes, name, bad):
    reading = read_bytes(IN_EVERY_FORMAT[name](damaged(RUSSIAN, bad)), name, undecodable="reject")
    assert reading.reasons == ["encoding"]


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
def test_plain_utf8_has_no_mark(read_bytes, name):
    (document,) = read_bytes(IN_EVERY_FORMAT[name](RUSSIAN.encode()), name).documents
    assert (document.text, document.meta) == (RUSSIAN, {})


@pytest.mark.parametrize("escape", ["\\ud83d", "\\ude00"])
def test_lone_surrogates_in_other_keys_of_a_line_are_replaced_too(read_bytes, escape):
    line = b'{"text": "words", "title": "%s", "id": "x%s"}' % (escape.encode(), escape.encode())
    (document,) = read_bytes(line, "a.jsonl", id_column="id", meta_columns=("title",)).documents
    assert (document.text, document.meta) == ("words", {"id": "x\ufffd", "title": "\ufffd"})


@pytest.mark.parametrize(("text", "encoding"), WRITTEN)
@pytest.mark.parametrize("unit", ["line", "paragraph"])
def test_lines_in_any_encoding_are_the_same_in_splits(read_bytes, text, encoding, unit):
    parts = [f"{number} {text}" for number in range(20)]
    content = ("\n" if unit == "line" else "\n\n").join(["plain ASCII", *parts]).encode(encoding)
    whole = read_bytes(content, "a.txt", unit=unit)
    assert whole.texts == ["plain ASCII", *parts]
    assert read_bytes(content, "a.txt", split_bytes=97, unit=unit).records == whole.records


@pytest.mark.parametrize(("text", "encoding"), WRITTEN)
def test_rows_in_any_encoding_are_the_same_in_splits(read_bytes, text, encoding):
    content = ("id,text\n" + "".join(f'{number},"{text}"\n' for number in range(20))).encode(encoding)
    whole = read_bytes(content, "a.csv", multiline=False)
    assert whole.texts == [text] * 20
    assert read_bytes(content, "a.csv", split_bytes=97, multiline=False).records == whole.records


def test_the_encoding_of_a_file_of_lines_is_seen_behind_much_ascii(read_bytes):
    short = ["да", "нет", "и"]  # which by themselves may be anything
    content = b"a line of ASCII\n" * 20_000 + "\n".join([*LINES, *short]).encode("koi8-r")
    assert read_bytes(content, "a.txt", split_bytes=100_000, unit="line").texts[20_000:] == [*LINES, *short]


def test_a_file_of_lines_in_no_known_encoding_is_rejected_line_by_line(read_bytes):
    content = b"".join(b"%d \x81\x9d\x8f %c\n" % (number, 0x80 + number) for number in range(30))
    reading = read_bytes(content, "a.txt", split_bytes=50, unit="line")
    assert reading.reasons == ["encoding"] * 30


def test_a_bad_line_in_a_utf8_file_is_damaged_utf8_or_a_reject_not_another_alphabet(read_bytes):
    lines = [line.encode() for line in LINES]
    lines[7] = damaged(LINES[7], b"\xc3")
    lines[9] = RUSSIAN.encode("cp1251")
    reading = read_bytes(b"\n".join(lines), "a.txt", unit="line")
    assert [document.text for document in reading.documents if not document.meta] == LINES[:7] + LINES[8:9] + LINES[
        10:
    ]
    assert [document.meta.get("undecodable") for document in reading.documents if document.meta] == ["1"]
    assert reading.reasons == ["encoding"]


@pytest.mark.parametrize(("text", "encoding"), [(KOREAN, "cp949"), (JAPANESE, "euc_jp"), (CZECH, "cp1250")])
def test_lines_of_json_in_another_encoding_are_not_guessed(read_bytes, text, encoding):
    content = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for _ in range(9)).encode(encoding)
    assert read_bytes(content, "a.jsonl").reasons == ["encoding"] * 9
    read = read_bytes(content, "a.jsonl", encoding=encoding)
    assert (read.texts, read.documents[0].meta["encoding_source"]) == ([text] * 9, "configured")


@pytest.mark.parametrize(
    "label", ["euc-kr", "EUC-KR", "ks_c_5601-1987", "uhc", "cp949", "x-windows-949", "korean", None]
)
@pytest.mark.parametrize("sentences", [1, 8])
def test_pages_in_korean_are_read_under_every_name_of_their_encoding_and_none(read_bytes, label, sentences):
    declared = f'<meta http-equiv="Content-Type" content="text/html; charset={label}">' if label else ""
    body = "".join(f"<p>{KOREAN} 똠방각하</p>" for _ in range(sentences))
    page = f"<html><head>{declared}<title>시장</title></head><body><article>{body}</article></body></html>"
    (document,) = read_bytes(page.encode("cp949"), "a.html").documents
    assert document.text.count(f"{KOREAN} 똠방각하") == sentences
    assert document.meta == {"encoding": "cp949", "encoding_source": "declared" if label else "detected"}


@pytest.mark.parametrize(
    ("codec", "label"), [("utf-16-le", "utf-16le"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16be")]
)
def test_utf16_without_a_mark_is_read_as_declared(codec, label):
    assert decode(KOREAN.encode(codec), declared=[label]).text == KOREAN
