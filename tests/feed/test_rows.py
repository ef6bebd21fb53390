"""Rows by their numbers are the rows of the files, in any order, however the files were written."""

import itertools
from dataclasses import replace as changed

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from other_writers import data_files, replace, rows_of
from sequence_tables import CAUSAL, append, packed_rows

from pipelines.tables import SequenceFormat
from training.feed.decoded import decode
from training.feed.row_reader import RowReader, read_rows
from training.feed.table import open_table

MASKED = SequenceFormat("masked", 16, 16, 0, 1, "feedbeef", start_id=2, mask_id=3, vocabulary=60_000)
WIDE = changed(CAUSAL, id_bits=32)
TRANSLATION = SequenceFormat("translation", 16, 16, 0, 1, "feedbeef")


def rows_for(described, count, first=0, seed=0):
    """Packed rows of an objective."""
    rows = packed_rows(count, first, described, seed=seed)
    if described.objective == "masked":
        rows = rows.append_column("is_next", pa.array((np.arange(first, first + count) % 3 == 0).tolist()))
        return rows.append_column("language", pa.array(["en"] * count))
    if described.objective == "translation":
        width = described.id_bits // 8
        cut = [row["ids"][: row["n_tokens"] * width] for row in rows.select(["ids", "n_tokens"]).to_pylist()]
        rows = rows.set_column(rows.schema.get_field_index("ids"), "ids", pa.array(cut, pa.binary()))
        for name in ("source_language", "target_language"):
            rows = rows.append_column(name, pa.array(["en"] * count))
    return rows


def made(root, described, counts=(700, 1, 300)):
    """A table of one file for each count of rows; returns its folder."""
    for first, count in zip(np.cumsum([0, *counts[:-1]]).tolist(), counts, strict=True):
        append(root, rows_for(described, count, first), described=described)
    return f"{root}/sequences_causal"


def same(rows, expected, described):
    """Requires that rows are the expected ones."""
    dtype = f"<u{described.id_bits // 8}"
    ids = [np.frombuffer(row["ids"], dtype) for row in expected]
    assert rows.doc_counts.tolist() == [len(row["doc_lengths"]) for row in expected]
    assert rows.doc_lengths.tolist() == list(itertools.chain(*(row["doc_lengths"] for row in expected)))
    found = rows.ids()
    assert found.dtype == np.dtype(dtype)
    if described.has_fixed_width:
        assert found.shape == (len(expected), described.length)
        assert rows.sizes is None
    else:
        assert rows.sizes.tolist() == [len(each) for each in ids]
    assert found.ravel().tolist() == [each for row in ids for each in row.tolist()]
    if described.objective == "masked":
        assert rows.columns["is_next"].tolist() == [row["is_next"] for row in expected]


FORMATS = pytest.mark.parametrize(
    "described", [CAUSAL, WIDE, MASKED, TRANSLATION], ids=["causal", "32 bits", "masked", "translation"]
)
OTHER_LAYOUTS = {
    "zstd": {"compression": "zstd"},
    "snappy": {"compression": "snappy", "use_dictionary": False},
    "a dictionary": {"compression": "none", "use_dictionary": True},
    "many pages": {"compression": "none", "use_dictionary": False, "data_page_size": 256, "write_batch_size": 8},
    "small row groups": {"compression": "none", "use_dictionary": False, "row_group_size": 37},
    "pages of version 2": {"compression": "none", "use_dictionary": False, "data_page_version": "2.0"},
    "no statistics": {"compression": "none", "use_dictionary": False, "write_statistics": False},
    "delta lengths": {
        "compression": "none",
        "use_dictionary": False,
        "column_encoding": {"ids": "DELTA_LENGTH_BYTE_ARRAY"},
    },
}


@FORMATS
def test_all_rows_in_any_order(tmp_path, described):
    table = made(tmp_path, described)
    expected = rows_of(table, data_files(table))
    opened = open_table(str(tmp_path), "causal")
    reader = RowReader(opened)
    order = np.random.default_rng(1).permutation(opened.rows)
    assert opened.rows == len(expected) == 1001
    same(read_rows([reader], np.zeros(len(order), np.int64), order), [expected[n] for n in order.tolist()], described)


@FORMATS
@pytest.mark.parametrize("layout", OTHER_LAYOUTS)
def test_files_that_another_program_wrote(tmp_path, described, layout):
    table = made(tmp_path, described, (200, 100))
    replace(table, data_files(table)[0], **OTHER_LAYOUTS[layout])
    expected = rows_of(table, data_files(table))
    opened = open_table(str(tmp_path), "causal")
    numbers = np.random.default_rng(2).permutation(opened.rows)[:250]
    found = read_rows([RowReader(opened)], np.zeros(len(numbers), np.int64), numbers)
    same(found, [expected[n] for n in numbers.tolist()], described)


def test_the_project_s_own_files_are_not_decoded(tmp_path, monkeypatch):
    made(tmp_path, CAUSAL)
    opened = open_table(str(tmp_path), "causal")
    asked = []
    monkeypatch.setattr(
        "training.feed.row_reader.decode", lambda *arguments: asked.append(arguments[-1]) or decode(*arguments)
    )
    RowReader(opened).find(np.arange(opened.rows))
    assert asked
    assert not any(asked)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Two tables of one format: (reader, rows as pyarrow decodes them) of each."""
    found = []
    for number in range(2):
        root = tmp_path_factory.mktemp("tables")
        table = made(root, CAUSAL, (150, 40, 60))
        replace(table, data_files(table)[number], compression="zstd", row_group_size=21)
        found.append((RowReader(open_table(str(root), "causal")), rows_of(table, data_files(table))))
    return found


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 249)), max_size=60))
def test_rows_of_several_tables_in_any_order_with_repetitions(tables, wanted):
    table, numbers = (np.array([each[side] for each in wanted], np.int64) for side in (0, 1))
    found = read_rows([reader for reader, _ in tables], table, numbers)
    same(found, [tables[which][1][number] for which, number in wanted], CAUSAL)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 249), min_size=1, max_size=40), st.data())
def test_parts_of_what_was_read(tables, wanted, data):
    reader, expected = tables[0]
    found = read_rows([reader], np.zeros(len(wanted), np.int64), np.array(wanted))
    start = data.draw(st.integers(0, len(wanted)))
    stop = data.draw(st.integers(start, len(wanted)))
    inside = [expected[number] for number in wanted[start:stop]]
    assert [row.tobytes() for row in found.ids(start, stop)] == [row["ids"] for row in inside]
    lengths = itertools.chain(*(row["doc_lengths"] for row in inside))
    assert found.documents(start, stop).tolist() == list(lengths)


def test_rows_outlive_the_reader(tmp_path):
    table = made(tmp_path, CAUSAL, (300,))
    replace(table, data_files(table)[0], compression="zstd")
    found = read_rows([RowReader(open_table(str(tmp_path), "causal"))], np.zeros(300, np.int64), np.arange(300))
    churn = [bytes(100_000) for _ in range(50)]
    same(found, rows_of(table, data_files(table)), CAUSAL)
    assert churn


@FORMATS
def test_memory_that_holds_nothing_changes_no_row(tmp_path, described, monkeypatch):
    for name in ("_FOOTER_BYTES", "_METADATA_BYTES", "_DECODED_BYTES"):
        monkeypatch.setattr(f"training.feed.row_reader.{name}", 1)
    table = made(tmp_path, described, (200, 100, 50))
    replace(table, data_files(table)[0], compression="zstd", row_group_size=21)
    expected, opened = rows_of(table, data_files(table)), open_table(str(tmp_path), "causal")
    reader = RowReader(opened)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(opened.rows)
        found = read_rows([reader], np.zeros(len(order), np.int64), order)
        same(found, [expected[number] for number in order.tolist()], described)


@settings(max_examples=30)
@given(st.data())
def test_rows_that_do_not_belong_to_the_feed_are_passed_over(tables, data):
    reader, expected = tables[0]
    files = np.split(np.arange(250), reader.table.first[1:-1])
    masks = [data.draw(st.none() | st.lists(st.booleans(), min_size=len(file), max_size=len(file))) for file in files]
    left = [file if mask is None else file[mask] for file, mask in zip(files, masks, strict=True)]
    table = changed(
        reader.table,
        counts=np.array([len(each) for each in left]),
        selected=tuple(None if mask is None else np.packbits(mask).tobytes() for mask in masks),
    )
    numbers = np.concatenate(left)
    found = read_rows([RowReader(table)], np.zeros(len(numbers), np.int64), np.arange(len(numbers)))
    same(found, [expected[number] for number in numbers.tolist()], CAUSAL)
