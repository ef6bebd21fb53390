import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_rows_are_documents_at_their_byte_offsets(read_bytes):
    reading = read_bytes(b'id,text\n1,"a, ""quoted""\nfield"\n2,b\n', "a.csv", id_column="id")
    assert [(d.position, d.text, d.meta) for d in reading.documents] == [
        (8, 'a, "quoted"\nfield', {"id": "1"}),
        (32, "b", {"id": "2"}),
    ]


def test_tsv_has_tabs_and_no_quoting(read_bytes):
    assert read_bytes(b'n\ttext\n1\t"open\n2\tb\n', "a.tsv").texts == ['"open', "b"]


def test_without_header_columns_are_numbers(read_bytes):
    assert read_bytes(b"a,b\nc,d\n", "a.csv", header=False, text_column="1").texts == ["b", "d"]


def test_header_stays_out_of_every_split(read_bytes):
    content = b"\n\ntext,n\n" + b"".join(b"row %d,%d\n" % (n, n) for n in range(50))
    whole = read_bytes(content, "a.csv")
    assert len(whole.texts) == 50
    for size in (1, 2, 3, 5, 64):
        assert read_bytes(content, "a.csv", split_bytes=size, multiline=False).records == whole.records


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"1,2,3", "malformed_row"),
        (b"1", "malformed_row"),
        (b'"stray" quote,2', "malformed_row"),
        (b",2", "empty"),
        (b"a\0b,2", "null_character"),
        (b"odd \x81 byte,2", "encoding"),
    ],
)
def test_a_bad_row_is_one_reject_between_two_documents(read_bytes, row, reason):
    reading = read_bytes(b"text,n\nbefore,1\n" + row + b"\nafter,3\n", "a.csv")
    assert (reading.texts, reading.reasons) == (["before", "after"], [reason])
    assert (reading.one_reject().position, reading.one_reject().sample) == (16, row)


def test_an_open_quote_costs_its_line_not_the_file(read_bytes):
    rows = b"".join(b"row %d,%d\n" % (n, n) for n in range(1000))
    reading = read_bytes(b'text,n\n"never closed,1\n' + rows, "a.csv")
    assert len(reading.texts) == 1000
    assert (reading.one_reject().reason, reading.one_reject().position) == ("malformed_row", 7)


def test_a_quoted_field_over_the_limit_is_given_up(read_bytes):
    reading = read_bytes(b'text\n"' + b"line\n" * 100 + b'"\nlast\n', "a.csv", max_document_bytes=100)
    assert reading.rejects[0].position == 5
    assert reading.texts[-1] == "last"


def test_bad_bytes_within_a_quoted_field_do_not_break_the_row_apart(read_bytes):
    reading = read_bytes(b'text,n\n"one\n\x81\ntwo",1\nnext,2\n', "a.csv")
    assert (reading.reasons, reading.texts) == (["encoding"], ["next"])


@pytest.mark.parametrize("content", [b"a,b\n1,2\n3,4\n", b"only,a,header\n"])
def test_a_file_without_the_text_column_is_one_reject(read_bytes, content):
    reject = read_bytes(content, "a.csv", split_bytes=3, multiline=False).one_reject()
    assert reject.reason == "missing_text"
    assert "columns: " in reject.detail


@pytest.mark.parametrize("content", [b"id\ttext\n", b"id\ttext 1\tone line for all 2\tof it\ttext\n\n", b"text"])
def test_a_header_without_rows_is_one_reject(read_bytes, content):
    """Found by fuzzing: a file whose line ends were lost is all header, and must not vanish without a word."""
    reject = read_bytes(content, "a.tsv", split_bytes=3).one_reject()
    assert (reject.position, reject.reason, reject.sample) == (0, "empty", content.rstrip(b"\n"))


def test_utf16_as_spreadsheets_export_it(read_bytes):
    assert read_bytes("text,n\r\né ਊ,1\r\n".encode("utf-16"), "a.csv").texts == ["é ਊ"]


fields = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1).filter(str.strip)


@given(st.lists(st.tuples(fields, st.text(st.sampled_from('ab,"\n é'))), min_size=1))
@settings(deadline=None)
def test_what_the_csv_module_writes_is_read_back(read_bytes, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("text", "other"), *rows])
    reading = read_bytes(out.getvalue().encode(), "a.csv", meta_columns=("other",))
    assert [(d.text, d.meta["other"]) for d in reading.documents] == [tuple(row) for row in rows]
    assert not reading.rejects
