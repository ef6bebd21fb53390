"""However a file is cut into splits, the same records come out at the same positions."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.record import Split
from pipelines.readers.splits import assign, split

lines = st.lists(
    st.sampled_from(["", " ", "\t\r", "a", "text é", '{"text": "x"}', "{bad", "x" * 70, "\xa0"]), max_size=40
)
marks = st.sampled_from(["", "\ufeff"])
sizes = st.integers(1, 90)


@given(lines, marks, sizes, st.sampled_from(["line", "paragraph"]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_text(read_bytes, lines, mark, size, unit, ends):
    content = (mark + "\n".join(lines) + "\n" * ends).encode()
    options = {"unit": unit, "max_document_bytes": 60}
    assert read_bytes(content, "a.txt", size, **options).records == read_bytes(content, "a.txt", **options).records


@given(lines, marks, sizes)
@settings(deadline=None)
def test_jsonl(read_bytes, lines, mark, size):
    content = (mark + "\n".join(lines)).encode()
    options = {"max_document_bytes": 60}
    assert read_bytes(content, "a.jsonl", size, **options).records == read_bytes(content, "a.jsonl", **options).records


@given(st.lists(st.sampled_from(["a,1", '"a ""b""",2', "", "short", '"open', "x" * 70 + ",3"]), max_size=30), sizes)
@settings(deadline=None)
def test_csv_without_line_breaks_in_fields(read_bytes, lines, size):
    content = "\n".join(["text,n", *lines]).encode()
    options = {"max_document_bytes": 60, "multiline": False}
    assert read_bytes(content, "a.csv", size, **options).records == read_bytes(content, "a.csv", **options).records


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=40), sizes, st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_parquet(read_bytes, texts, size, rows):
    out = io.BytesIO()
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), out, row_group_size=rows)
    assert read_bytes(out.getvalue(), "a.parquet", size).records == read_bytes(out.getvalue(), "a.parquet").records


@given(st.lists(st.none() | st.text(max_size=9), min_size=1, max_size=40), sizes, st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_parquet_of_structs(read_bytes, texts, size, rows):
    out = io.BytesIO()
    of = pa.array([{"text": text, "n": n} for n, text in enumerate(texts)])
    pq.write_table(pa.table({"n": range(len(texts)), "of": of}), out, row_group_size=rows)
    options = {"text_column": "of.text", "meta_columns": ("n", "of.n")}
    whole = read_bytes(out.getvalue(), "a.parquet", **options)
    assert read_bytes(out.getvalue(), "a.parquet", size, **options).records == whole.records
    assert all(
        document.meta == {"n": str(document.position), "of.n": str(document.position)} for document in whole.documents
    )


def warc_record(number: int, size: int) -> bytes:
    body = (f"record {number} " + "ab" * size).encode()
    return (
        b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\n"
        b"WARC-Record-ID: <urn:uuid:%d>\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (number, len(body), body)
    )


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12), st.integers(1, 2000), st.data())
@settings(max_examples=60, deadline=None)
def test_warc_with_a_member_for_each_record_whole_or_damaged(read_bytes, record_sizes, size, data):
    content = bytearray().join(gzip.compress(warc_record(n, s)) for n, s in enumerate(record_sizes))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] ^= 1 << data.draw(st.integers(0, 7))
        else:
            del content[at : at + data.draw(st.integers(1, 50))]
        content = content or bytearray(b"x")
    whole = read_bytes(bytes(content), "a.warc.gz")
    assert read_bytes(bytes(content), "a.warc.gz", size).records == whole.records


def test_only_formats_with_findable_records_are_cut(tmp_path):
    for name in ("a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt", "a.html", "a.jsonl.gz", "a.json.gz", "a.warc"):
        content = json.dumps({"text": "x" * 100}).encode() * 3
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    config = SourceConfig(name="s", path=str(tmp_path))
    pieces = split(list_files(config), config, 100)
    cut = {piece.file.path for piece in pieces if piece.start > 0}
    assert cut == {"a.jsonl", "a.json", "a.tsv"}


@pytest.fixture
def pieces(tmp_path) -> list[Split]:
    for number, size in enumerate([10, 3000, 500, 500, 1, 20_000, 300_000]):
        (tmp_path / f"{number}.jsonl").write_bytes(b'{"text": "x"}\n' * size)
    config = SourceConfig(name="s", path=str(tmp_path))
    return split(list_files(config), config, 50_000)


def test_splits_cover_each_file_once(pieces):
    by_file = {}
    for piece in pieces:
        by_file.setdefault(piece.file, []).append(piece)
    for file, own in by_file.items():
        assert [p.start for p in own] == [0, *(p.end for p in own[:-1])]
        assert own[-1].end == file.size


def test_every_split_is_dealt_out_and_tasks_are_even(pieces):
    tasks = assign(pieces, 8)
    assert sorted((p for task in tasks for p in task), key=repr) == sorted(pieces, key=repr)
    loads = [sum(p.end - p.start for p in task) for task in tasks]
    assert max(loads) < 1.2 * min(loads)


def test_tasks_do_not_depend_on_the_order_of_splits(pieces):
    assert assign(pieces[::-1], 4) == assign(pieces, 4)


def test_there_are_no_idle_tasks(pieces):
    assert len(assign(pieces[:3], 8)) == 3
    assert assign([], 8) == []


def test_a_split_can_be_read_twice(pieces):
    assert list(read(pieces[-1])) == list(read(pieces[-1]))
