import io

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


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["é", "b"], pa.large_string()),
        pa.array(["é", "b"]).dictionary_encode(),
        pa.array(["é".encode(), b"b"], pa.binary()),
        pa.array(["é", "b"], pa.string_view()),  # of Polars and delta-rs
        pa.array(["é".encode(), b"b"], pa.large_binary()),
        pa.array(["é".encode(), b"b"], pa.binary_view()),
    ],
)
def test_text_may_have_any_of_the_string_types(read_bytes, column):
    assert read_bytes(parquet({"text": column}), "a.parquet").texts == ["é", "b"]


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
