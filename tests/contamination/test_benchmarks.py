"""Items from files of every format, and what cannot be read."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.contamination.benchmarks import BenchmarkError, read
from pipelines.contamination.config import BenchmarkConfig, DecontaminateConfig

RECORDS = [
    {"question": "Who?", "choices": {"text": ["Anna", "Ben"]}, "id": 1},
    {"question": "Where?", "choices": None},
]


def items(path, *fields):
    """The texts of each item."""
    benchmark = read(BenchmarkConfig(name="quiz", path=str(path), fields=fields))
    return [
        [text for text, owner in zip(benchmark.texts, benchmark.items, strict=True) if owner == item]
        for item in range(benchmark.count)
    ]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_json_lines_with_every_text_of_a_record(tmp_path):
    lines = "\n".join(map(json.dumps, RECORDS)) + "\n\n"
    assert items(write(tmp_path / "a.jsonl", lines)) == [["Who?", "Anna", "Ben"], ["Where?"]]


def test_fields_that_are_asked_for(tmp_path):
    assert items(write(tmp_path / "a.json", json.dumps(RECORDS)), "choices") == [["Anna", "Ben"], []]


def test_tables(tmp_path):
    assert items(write(tmp_path / "a.csv", 'q,a\r\n"Who,\nwho?",Anna\r\n')) == [["Who,\nwho?", "Anna"]]
    assert items(write(tmp_path / "a.tsv", "q\ta\nWho?\tAnna\n"), "q") == [["Who?"]]
    pq.write_table(pa.Table.from_pylist(RECORDS), tmp_path / "a.parquet")
    assert items(tmp_path / "a.parquet", "question") == [["Who?"], ["Where?"]]


def test_text_with_an_item_in_each_line(tmp_path):
    assert items(write(tmp_path / "a.txt", "\ufeffWho?\n\nWhere?\r\n")) == [["Who?"], ["Where?"]]


def test_compressed_files_and_folders_in_the_order_of_their_names(tmp_path):
    write(tmp_path / "2.txt", "second")
    write(tmp_path / "1.txt.gz", gzip.compress(b"first"))
    assert items(tmp_path) == [["first"], ["second"]]
    assert items(tmp_path / "*.txt") == [["second"]]


def test_half_a_surrogate_pair_is_replaced(tmp_path):
    assert items(write(tmp_path / "a.json", '["x \\ud800"]')) == [["x ?"]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"a": "b"}\n{"a"', r"a\.jsonl:2: is not JSON"),
        ("a.jsonl", "", "no item in"),
        ("a.txt", b"caf\xe9", "is not UTF-8 at byte 3; convert it first"),
        ("a.txt.gz", b"no gzip", "cannot be read"),
        ("a.parquet", b"no parquet", "is not Parquet"),
        ("a.docx", "x", r"a name ends in \.jsonl"),
        ("a.json", '{"answer": "x"}', "no item has a field 'question'"),
    ],
    ids=["damaged line", "empty", "encoding", "compression", "parquet", "format", "field"],
)
def test_what_cannot_be_used_is_named(tmp_path, name, content, message):
    write(tmp_path / name, content)
    with pytest.raises(BenchmarkError, match=f"benchmark 'quiz'.*{message}"):
        items(tmp_path / name, *(["question"] if name == "a.json" else []))


def test_a_path_that_does_not_exist(tmp_path):
    with pytest.raises(BenchmarkError, match="benchmark 'quiz'"):
        items(tmp_path / "none.jsonl")


def test_names_must_differ_and_short_items_be_shorter():
    one = {"name": "a", "path": "x"}
    with pytest.raises(ValueError, match="name 'a' is used twice"):
        DecontaminateConfig.model_validate({"benchmarks": [one, one]})
    with pytest.raises(ValueError, match="no item could be that short"):
        DecontaminateConfig(n=5)
