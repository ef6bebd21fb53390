"""Files called `.json`: how they are read follows from their content."""

import gzip
import json
import re
import subprocess
import sys

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.readers.json_values import values
from pipelines.readers.record import Reason

ROWS = [{"text": "één", "n": 1}, {"text": 'a "quote", a \\ and }]{[', "n": {"deep": [1, {}]}}, {"text": "three"}]
ONE_A_LINE = [json.dumps(row) for row in ROWS]

SHAPES = {
    "an object on each line": "\n".join(ONE_A_LINE),
    "an array on one line": json.dumps(ROWS, ensure_ascii=False),
    "an array over several lines": json.dumps(ROWS, indent=2),
    "an array of an object on each line": "[\n" + ",\n".join(ONE_A_LINE) + "\n]\n",
    "an array with leading commas": "[" + "\n,".join(ONE_A_LINE) + "]",
    "objects over several lines": "\n".join(json.dumps(row, indent="\t") for row in ROWS),
    "objects with nothing between them": "".join(ONE_A_LINE),
    "objects with a comma behind each line": ",\n".join(ONE_A_LINE) + ",\n",
    "a text sequence of RFC 7464": "".join(f"\x1e{line}\n" for line in ONE_A_LINE),
    "blank lines before": "\n \n" + "\n".join(ONE_A_LINE),
    "several arrays": json.dumps(ROWS[:1]) + "\n" + json.dumps(ROWS[1:]),
}
PACKINGS = {
    "plain": ("a.json", str.encode),
    "with a mark": ("a.json", lambda text: text.encode("utf-8-sig")),
    "UTF-16": ("a.json", lambda text: text.encode("utf-16")),
    "gzip": ("a.json.gz", lambda text: gzip.compress(text.encode())),
    "zstd": ("a.json.zst", lambda text: b"".join(zstandard.compress(bytes([byte])) for byte in text.encode())),
    "no suffix": ("part-00000", str.encode),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packing", PACKINGS)
def test_every_shape_gives_the_same_texts(read_bytes, shape, packing):
    name, encode = PACKINGS[packing]
    if packing == "no suffix" and shape in ("a text sequence of RFC 7464", "objects over several lines"):
        name = "a.json"
    reading = read_bytes(encode(SHAPES[shape]), name, split_bytes=20)
    assert (reading.texts, reading.rejects) == ([row["text"] for row in ROWS], [])


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_object_is_a_document(read_bytes, indent):
    assert read_bytes(json.dumps(ROWS[1], indent=indent).encode(), "a.json").texts == [ROWS[1]["text"]]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_position_is_the_byte_offset_of_the_object(read_bytes, shape):
    content = SHAPES[shape].encode()
    for document, row in zip(read_bytes(content, "a.json").documents, ROWS, strict=True):
        read, _ = json.JSONDecoder().raw_decode(content[document.position :].decode().lstrip("\x1e"))
        assert read == row


def test_lines_are_read_as_json_lines_are_and_in_splits(read_bytes):
    content = ("\n".join(ONE_A_LINE * 20) + "\n{broken\n").encode()
    assert read_bytes(content, "a.json", split_bytes=50).records == read_bytes(content, "a.jsonl").records


def test_shift_jis_whose_characters_hold_bytes_of_brackets_is_read(read_bytes):
    rows = [{"text": "ソ能表"}, {"text": "ミ"}]
    content = json.dumps(rows, ensure_ascii=False).encode("shift_jis")
    assert b"\\" in content  # the second byte of a character
    assert read_bytes(content, "a.json", encoding="shift_jis").texts == ["ソ能表", "ミ"]


@pytest.mark.parametrize(
    ("element", "reason", "detail"),
    [
        ("3", "malformed_json", "a JSON number, not an object"),
        ('["x"]', "malformed_json", "a JSON array, not an object"),
        ('"a, b"', "malformed_json", "a JSON string, not an object"),
        ('{"text": 1 2}', "malformed_json", "delimiter"),
        ('{"text": "x"} {"text": "y"}', "malformed_json", "Extra data"),
        ('{"body": "x"}', "missing_text", "keys here: body"),
        ('{"text": ""}', "empty", ""),
        ('{"text": "' + "x" * 3000 + '"}', "oversized", "1,000 bytes"),
    ],
)
def test_a_bad_element_is_one_reject_between_two_documents(read_bytes, element, reason, detail):
    content = f'[{{"text": "before"}}, {element}, {{"text": "after"}}]'.encode()
    reading = read_bytes(content, "a.json", max_document_bytes=1000)
    assert reading.texts == ["before", "after"]
    reject = reading.one_reject()
    assert (reject.reason, reject.position, reject.sample) == (reason, 21, element.encode()[:256])
    assert detail in reject.detail


@pytest.mark.parametrize("indent", [0, 2])
def test_an_open_string_costs_its_object_and_no_nested_object_becomes_a_document(read_bytes, indent):
    rows = [{"text": "before"}, {"text": "broken", "of": {"text": "nested"}}, {"text": "after"}]
    margin = " " * indent
    content = "[\n" + ",\n".join(margin + json.dumps(row) for row in rows) + "\n]"
    reading = read_bytes(content.replace('broken"', "broken").encode(), "a.json")
    assert reading.texts == ["before", "after"]
    assert reading.one_reject().reason == "malformed_json"
    assert "not closed on its line; bytes" in reading.one_reject().detail


@pytest.mark.parametrize(
    ("content", "texts", "reason", "detail"),
    [
        ('[{"text": "a"}, {"text": "b', ["a"], "malformed_json", "ends before this value does"),
        ('[{"text": "a"}, {"text": "b"}', ["a", "b"], "malformed_json", "ends before its array does"),
        ('[{"text": "a"},', ["a"], "malformed_json", "ends before its array does"),
        ('{\n"text": "a"\n}\n{\n"text":', ["a"], "malformed_json", "ends before this value does"),
        ("[]", [], "empty", "no JSON object"),
        (" \n ", [], "empty", "no JSON object"),
        ("<html>an error page</html>", [], "malformed_json", "neither JSON Lines, nor a JSON object, nor an array"),
        ("null", [], "malformed_json", "neither"),
        ('{\n  "name": "package",\n  "version": 1\n}', [], "missing_text", "keys here: name, version"),
    ],
)
def test_what_is_cut_off_or_holds_no_documents_is_one_reject_that_says_so(read_bytes, content, texts, reason, detail):
    reading = read_bytes(content.encode(), "a.json", split_bytes=5)
    assert (reading.texts, reading.reasons) == (texts, [reason])
    assert detail in reading.one_reject().detail


def test_a_damaged_first_line_costs_itself(read_bytes):
    reading = read_bytes(b'xx{"text": "a"}\n{"text": "b"}\n', "a.json")
    assert (reading.texts, reading.reasons) == (["b"], ["malformed_json"])


def test_damage_in_a_compressed_array_costs_what_it_touches(read_bytes):
    lines = [json.dumps({"text": f"line {number}"}) for number in range(300)]
    parts = ["[\n", *(line + ",\n" for line in lines), '{"text": "last"}\n]']
    members = [gzip.compress("".join(parts[start : start + 30]).encode()) for start in range(0, len(parts), 30)]
    damaged = bytearray(members[4])
    damaged[20] ^= 0xFF
    reading = read_bytes(b"".join([*members[:4], damaged, *members[5:]]), "a.json.gz")
    assert reading.texts[-1] == "last"
    assert 260 < len(reading.texts) < 300
    assert set(reading.texts) <= {f"line {number}" for number in range(300)} | {"last"}
    assert "not read" in reading.rejects[0].detail


MEMORY = """
import resource, sys
from pipelines.readers.json_values import values
from pipelines.readers.record import Reason

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

def stream(first, part, last):
    yield first
    for _ in range(2_000):
        yield part
    yield last

streams = {
    "elements": stream(b"[", b'{"text": "' + b"word " * 20_000 + b'"},', b'{"text": "after"}]'),
    "one": stream(b'[{"text": "', b"word " * 20_000, b'"}, {"text": "after"}]'),
}
before, count = peak(), 0
for value in values(streams[sys.argv[1]], 1 << 20, Reason.OVERSIZED):
    count += 1
print(count, value.data.decode(), peak() - before)
"""


@pytest.mark.parametrize(("stream", "count"), [("elements", 2001), ("one", 2)])
def test_200_mb_of_elements_and_one_element_of_200_mb_pass_without_being_held(stream, count):
    said = subprocess.run([sys.executable, "-c", MEMORY, stream], capture_output=True, text=True, check=True).stdout
    found, data, grown = re.fullmatch(r"(\d+) (.*) (\d+)\n", said).groups()
    assert (int(found), data) == (count, '{"text": "after"}')
    assert int(grown) < 20 << 20


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab"\\{}[],:\n é')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(["text", "n"]), json_values)


@given(st.lists(objects, max_size=6), st.sampled_from([None, 0, 2]), st.booleans(), st.data())
@settings(deadline=None)
def test_values_do_not_depend_on_how_the_stream_is_chunked(rows, indent, as_array, data):
    content = json.dumps(rows, indent=indent) if as_array else "\n".join(json.dumps(r, indent=indent) for r in rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=9)))
    chunks = [content[a:b].encode() for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    read = [json.loads(value.data) for value in values(iter(chunks), 1 << 20, Reason.OVERSIZED)]
    assert read == rows


pieces = st.lists(
    st.sampled_from(['{"text": "a"}', '{"text": "\\"', '"', "\\", "\n", ",", " ", "[", "]", "{", "}", "x", "\n  {"])
)


@given(pieces, st.integers(0, 60), st.integers(1, 40))
@example(['{"text": "\\"', "\\", "\n"], 0, 1)
@settings(deadline=None, max_examples=300)
def test_broken_values_do_not_depend_on_it_either(broken, limit, size):
    content = "".join(broken).encode()
    chunked = [content[start : start + size] for start in range(0, len(content), size)]
    whole = list(values(iter([content]), limit, Reason.OVERSIZED))
    assert list(values(iter(chunked), limit, Reason.OVERSIZED)) == whole
    positions = [value.position for value in whole]
    assert positions == sorted(set(positions))


@given(pieces, st.integers(1, 40))
@settings(deadline=None, max_examples=200)
def test_splits_give_what_the_whole_file_gives(read_bytes, broken, size):
    content = "".join(broken).encode() or b" "
    options = {"max_document_bytes": 50}
    assert read_bytes(content, "a.json", size, **options).records == read_bytes(content, "a.json", **options).records
