import datetime
import io
import uuid
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def parquet(table: dict, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(table), out, **options)
    return out.getvalue()


def test_rows_are_documents_at_their_numbers(read_bytes):
    content = parquet({"text": ["a", "b", "c"], "key": [1, None, 3], "n": [{"x": 1}, None, None]}, row_group_size=2)
    reading = read_bytes(content, "a.parquet", id_column="key", meta_columns=("n", "absent"))
    assert [(d.position, d.text, d.meta) for d in reading.documents] == [
        (0, "a", {"id": "1", "n": '{"x": 1}'}),
        (1, "b", {}),
        (2, "c", {"id": "3"}),
    ]


def dictionary(values: list, kind: pa.DataType) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(range(len(values)), pa.int32()), pa.array(values, kind))


TEXT_TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]


@pytest.mark.parametrize("kind", TEXT_TYPES, ids=str)
@pytest.mark.parametrize("make", [pa.array, dictionary], ids=["plain", "dictionary"])
def test_any_type_of_text_serves_as_text_id_url_and_meta(read_bytes, kind, make):
    if make is dictionary and kind in (pa.string_view(), pa.binary_view()):
        make = pa.array  # Arrow has no Parquet writer for dictionaries of views
    values = ["é", None, "b"] if make is pa.array else ["é", "", "b"]
    stored = make([value if value is None or pa.types.is_string(kind) else value.encode() for value in values], kind)
    content = parquet({"text": ["1", "2", "3"], "id": stored, "body": stored})
    reading = read_bytes(content, "a.parquet", id_column="id", url_column="body", meta_columns=("body",))
    assert [d.meta.get("id") for d in reading.documents] == values
    assert [d.meta.get("url") for d in reading.documents] == [d.meta.get("body") for d in reading.documents] == values
    reading = read_bytes(content, "a.parquet", text_column="body")
    assert [(d.position, d.text) for d in reading.documents] == [(0, "é"), (2, "b")]
    assert reading.one_reject().position == 1


def test_bytes_that_are_no_utf8_are_hexadecimal_in_meta_and_a_reject_as_text(read_bytes):
    content = parquet({"text": ["x"], "hash": [b"\xff\x00"], "list": [[b"\xfe"]]})
    reading = read_bytes(content, "a.parquet", meta_columns=("hash", "list"))
    assert reading.documents[0].meta == {"hash": "ff00", "list": '["fe"]'}
    assert read_bytes(content, "a.parquet", text_column="hash").reasons == ["encoding"]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pa.array([Decimal("1.50")]), "1.50"),
        (pa.array([datetime.time(1, 2)], pa.time64("us")), "01:02:00.000000"),
        (pa.array([0], pa.timestamp("us", "Nowhere/Foo")), "1970-01-01 00:00:00.000000Z"),
        (pa.array([uuid.UUID(int=1).bytes], pa.uuid()), "00000000-0000-0000-0000-000000000001"),
        (pa.array([True]), "true"),
        (pa.array([1.5], pa.float16()), "1.5"),
        (pa.array([[1 << 62]], pa.list_(pa.timestamp("us"))), "(OverflowError: date value out of range)"),
        (pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())), '[["k", "v"]]'),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)
def test_any_value_can_stand_in_meta_and_none_costs_the_text(read_bytes, values, shown):
    reading = read_bytes(parquet({"text": ["x"], "n": values}), "a.parquet", meta_columns=("n",))
    assert [(d.text, d.meta) for d in reading.documents] == [("x", {"n": shown})]


NESTED = {"a": pa.array([{"b": {"c": "deep"}, "x.y": "dotted", "n": 1}, None, {"b": None, "x.y": None, "n": 2}])}


def test_fields_of_structs_are_named_with_dots(read_bytes):
    content = parquet(NESTED | {"text": ["1", "2", "3"]})
    reading = read_bytes(content, "a.parquet", text_column="a.b.c", meta_columns=("a.x.y", "a.n", "a.absent", "a"))
    assert [(d.position, d.text) for d in reading.documents] == [(0, "deep")]
    assert reading.documents[0].meta == {
        "a.x.y": "dotted",
        "a.n": "1",
        "a": '{"b": {"c": "deep"}, "n": 1, "x.y": "dotted"}',
    }
    assert [(r.position, r.reason.value) for r in reading.rejects] == [(1, "missing_text"), (2, "missing_text")]
    reading = read_bytes(content, "a.parquet", meta_columns=("a.n", "a.x.y"))
    assert [d.meta for d in reading.documents] == [{"a.n": "1", "a.x.y": "dotted"}, {}, {"a.n": "2"}]


def test_a_column_whose_name_has_a_dot_comes_before_a_field(read_bytes):
    content = parquet({"a": pa.array([{"b": "field"}]), "a.b": ["column"], "text": ["x"]})
    assert read_bytes(content, "a.parquet", text_column="a.b").texts == ["column"]


def twice(**columns: list) -> bytes:
    """A file in which every column is there twice, and `n` once."""
    names = [name for name in columns for _ in range(2)]
    out = io.BytesIO()
    pq.write_table(pa.table([*(pa.array(columns[name]) for name in names), pa.array([1])], names=[*names, "n"]), out)
    return out.getvalue()


def struct_twice() -> bytes:
    inner = pa.StructArray.from_arrays([pa.array(["x"]), pa.array(["y"])], names=["b", "b"])
    return parquet({"a": inner, "text": ["x"]})


@pytest.mark.parametrize(
    ("content", "options", "name"),
    [
        (twice(text=["x"]), {}, "text"),
        (twice(body=["x"], text=["x"]), {"text_column": "body"}, "body"),
        (twice(lang=["x"]), {"text_column": "lang", "meta_columns": ("n",)}, "lang"),
        (struct_twice(), {"text_column": "a.b"}, "b"),
        (struct_twice(), {"meta_columns": ("a.b",)}, "b"),
        (twice(a=[{"b": "x"}]), {"text_column": "a.b"}, "a"),
    ],
)
def test_two_columns_of_a_wanted_name_are_one_reject_that_names_it(read_bytes, content, options, name):
    reading = read_bytes(content, "a.parquet", split_bytes=50, **options)
    assert (reading.texts, reading.reasons) == ([], ["unsupported"])
    assert f"2 columns are named {name!r}" in reading.one_reject().detail


def test_two_columns_of_a_name_that_nobody_wants_do_no_harm(read_bytes):
    out = io.BytesIO()
    pq.write_table(pa.table([pa.array(["x"]), pa.array([1]), pa.array([2])], names=["text", "n", "n"]), out)
    assert read_bytes(out.getvalue(), "a.parquet").texts == ["x"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_a_bad_row_is_one_reject_between_two_documents(read_bytes, kind):
    values = [b"before", None, b"", b"bad \xff", b"nul \0", b"x" * 101, b"after"]
    column = pa.array(values, pa.binary()).view(pa.string()).cast(kind)  # as broken writers do
    reading = read_bytes(parquet({"text": column}), "a.parquet", max_document_bytes=100)
    assert reading.texts == ["before", "after"]
    assert [(r.position, r.reason.value) for r in reading.rejects] == [
        (1, "missing_text"),
        (2, "empty"),
        (3, "encoding"),
        (4, "null_character"),
        (5, "oversized"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (parquet({"body": ["x"]}), "missing_text"),
        (parquet({"text": [3]}), "missing_text"),
        (parquet({"text": pa.array([], pa.string())}), "empty"),
        (parquet({"text": ["x"]})[:-20], "corrupt"),
        (b"PAR1", "corrupt"),
        (b"not Parquet", "unsupported"),
    ],
)
def test_a_file_without_text_is_one_reject_however_it_is_split(read_bytes, content, reason):
    assert read_bytes(content, "a.parquet", split_bytes=50).reasons == [reason]


def test_a_damaged_row_group_is_one_reject(read_bytes):
    texts = [f"text {n}" * 9 for n in range(30)]
    content = bytearray(parquet({"text": texts}, row_group_size=10, use_dictionary=False))
    group = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(1).column(0)
    for at in range(group.data_page_offset + 2, group.data_page_offset + group.total_compressed_size):
        content[at] = 0xFF
    reading = read_bytes(bytes(content), "a.parquet")
    assert [d.position for d in reading.documents] == [*range(10), *range(20, 30)]
    assert (reading.one_reject().position, reading.one_reject().reason) == (10, "corrupt")
    assert "rows 10 to 19" in reading.one_reject().detail


def test_a_row_group_that_expands_too_far_is_a_bomb(read_bytes):
    content = parquet({"text": ["\x20" * (4 << 20)]}, compression="zstd", use_dictionary=False)
    assert read_bytes(content, "a.parquet", max_decompressed_bytes=1 << 20).reasons == ["decompression_bomb"]


def test_parquet_within_gzip_is_unsupported(read_bytes):
    import gzip

    assert read_bytes(gzip.compress(parquet({"text": ["x"]})), "a.parquet.gz").reasons == ["unsupported"]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_raises_or_loses_count(read_bytes, data):
    content = bytearray(parquet({"text": ["some text", "more"], "n": [1, 2]}, row_group_size=1))
    at = data.draw(st.integers(4, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    read_bytes(bytes(content), "a.parquet", meta_columns=("n",))


def test_a_row_group_without_the_text_column_costs_itself_alone(read_bytes):
    """Found by fuzzing: one bit of the footer, where a row group names its column."""
    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b", "c", "d"]}), out, row_group_size=2, use_dictionary=False)
    before, _, after = out.getvalue().rpartition(b"text")
    reading = read_bytes(before + b"tgxt" + after, "a.parquet")
    assert reading.texts == ["a", "b"]
    assert (reading.one_reject().reason, reading.one_reject().position) == ("corrupt", 2)
    assert "no column 'text'" in reading.one_reject().detail
