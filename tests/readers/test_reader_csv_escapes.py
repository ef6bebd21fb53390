"""Quotes within quoted fields: doubled as in RFC 4180, or behind a backslash as Spark writes them."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.readers.config import SourceConfig

# Written by Spark 4.2: spark.createDataFrame(...).coalesce(1).write.option("header", True).csv(...)
SPARK_WROTE = rb"""id,text
0,"he said \"stop\" and left"
1,"plain, comma"
2,C:\dir
3,C:\dir\
4,"C:\\dir, x"
5,"C:\\dir, x\\"
6,"q \" b \\ c"
7,"\\\""
8,"a\\\\b \"x\""
9,a\\b
10,"ends \""
11,"\""
12,\
13,"5'10\""
14,"line1
line2 \"q\""
15,",comma first"
16,"x \", y"
17,"\\\\\""
18,"a\\nb \"q\""
"""
SPARK_READ = [
    'he said "stop" and left',
    "plain, comma",
    "C:\\dir",
    "C:\\dir\\",
    "C:\\dir, x",
    "C:\\dir, x\\",
    'q " b \\ c',
    '\\"',
    'a\\\\b "x"',
    "a\\\\b",
    'ends "',
    '"',
    "\\",
    "5'10\"",
    'line1\nline2 "q"',
    ",comma first",
    'x ", y',
    '\\\\"',
    'a\\nb "q"',
]


@pytest.mark.parametrize("escape", ["auto", "\\"])
def test_what_spark_writes_is_read_back(read_bytes, escape):
    reading = read_bytes(SPARK_WROTE, "part-00000.csv", escape=escape, id_column="id")
    assert (reading.texts, reading.rejects) == (SPARK_READ, [])
    assert [d.meta["id"] for d in reading.documents] == [str(n) for n in range(19)]


def test_without_a_header_as_spark_writes_by_default(read_bytes):
    content = SPARK_WROTE.partition(b"\n")[2]
    assert read_bytes(content, "part-00000.csv", header=False, text_column="1").texts == SPARK_READ


def test_positions_are_those_of_the_rows(read_bytes):
    reading = read_bytes(SPARK_WROTE, "a.csv")
    assert all(SPARK_WROTE[d.position :].startswith(b"%d," % n) for n, d in enumerate(reading.documents))


def test_rows_behind_the_first_bytes_are_read_one_by_one_as_they_can_be(read_bytes):
    """Nothing at the start of the file tells how it was written."""
    rows = b"".join(b'%d,"plain, row"\n' % n for n in range(10_000))
    reading = read_bytes(b"id,text\n" + rows + SPARK_WROTE.partition(b"\n")[2], "a.csv")
    assert len(reading.texts) == 10_019
    assert reading.texts[10_000] == SPARK_READ[0]
    assert reading.texts[-4:] == SPARK_READ[-4:]
    assert not reading.rejects


WINDOWS = rb'''text,path
"in ""quotes""","C:\dir\"
"a ""\"" b","\\server\share\"
"two
lines\","C:\a, b\"
'''
WINDOWS_ROWS = [
    ('in "quotes"', "C:\\dir\\"),
    ('a "\\" b', "\\\\server\\share\\"),
    ("two\nlines\\", "C:\\a, b\\"),
]


@pytest.mark.parametrize("escape", ["auto", '"'])
def test_rfc_4180_is_read_as_such_where_texts_end_in_a_backslash(read_bytes, escape):
    reading = read_bytes(WINDOWS, "a.csv", escape=escape, meta_columns=("path",))
    assert [(d.text, d.meta["path"]) for d in reading.documents] == WINDOWS_ROWS
    assert not reading.rejects


def test_a_file_with_rows_of_both_kinds_gives_each_its_own(read_bytes):
    content = rb'''text,n
"he said \"stop\"",1
"C:\dir\",2
"say ""yes""",3
'''
    assert read_bytes(content, "a.csv").texts == ['he said "stop"', "C:\\dir\\", 'say "yes"']


def test_a_row_that_is_malformed_either_way_is_a_reject(read_bytes):
    reading = read_bytes(b'text,n\nbefore,1\n"a \\" b" c,2\nafter,3\n', "a.csv")
    assert (reading.texts, reading.reasons) == (["before", "after"], ["malformed_row"])


def test_another_escape_can_be_named(read_bytes):
    content = b'text,n\n"say ^"yes^" ^^",1\n'
    assert read_bytes(content, "a.csv", escape="^").texts == ['say "yes" ^']
    assert read_bytes(content, "a.csv").reasons == ["malformed_row"]


def test_a_quote_as_escape_turns_backslashes_off(read_bytes):
    assert "malformed_row" in read_bytes(SPARK_WROTE, "a.csv", escape='"').reasons


def test_an_escape_is_one_character():
    with pytest.raises(ValidationError, match="neither auto nor one character"):
        SourceConfig(name="s", path="x", escape="backslash")


def spark_writes(value: str) -> str:
    """A field as Spark writes it; the file above is the evidence."""
    if any(character in value for character in ',"\n\r') or not value:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


fields = st.text(st.sampled_from('ab"\\, \n'))
tables = st.lists(st.tuples(fields.map(lambda text: text if text.strip() else "a"), fields), min_size=1, max_size=12)


@given(tables)
@settings(deadline=None, max_examples=300)
def test_whatever_spark_writes_is_read_back_with_its_escape(read_bytes, rows):
    content = "text,other\n" + "".join(",".join(map(spark_writes, row)) + "\n" for row in rows)
    reading = read_bytes(content.encode(), "a.csv", escape="\\", meta_columns=("other",))
    assert [(d.text, d.meta["other"]) for d in reading.documents] == rows


@given(tables)
@settings(deadline=None, max_examples=300)
def test_whatever_is_legal_in_rfc_4180_is_read_by_it(read_bytes, rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("text", "other"), *rows])
    reading = read_bytes(out.getvalue().encode(), "a.csv", meta_columns=("other",))
    assert [(d.text, d.meta["other"]) for d in reading.documents] == rows


pieces = st.sampled_from(['"', '\\"', "\\\\", "a", ",", "\n", '""', '"a",b\n', '"a \\"q\\"",b\n', '"C:\\",b\n'])


@given(st.lists(pieces, max_size=25), st.booleans(), st.integers(1, 60))
@settings(deadline=None, max_examples=300)
def test_splits_give_what_the_whole_file_gives(read_bytes, parts, header, size):
    content = ("text,n\n" + "".join(parts)).encode()
    options = {"multiline": False, "header": header, "text_column": "text" if header else "0"}
    assert read_bytes(content, "a.csv", size, **options).records == read_bytes(content, "a.csv", **options).records
