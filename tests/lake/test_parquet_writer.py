"""How a task's rows become data files."""

import random
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake import parquet_writer
from lake.data_files import of_table
from lake.parquet_writer import TableWriter, WriteTask
from pipelines.tables import DOCUMENTS, RUNS, TOKENS, sequences

SEQUENCES = sequences("causal")


def token_rows(count, first=0, size=8):
    empty = dict.fromkeys(TOKENS.schema.names)
    return pa.Table.from_pylist(
        [
            {
                **empty,
                "doc_id": f"d{first + n:05}",
                "ids": random.Random(n).randbytes(size),
                "n_tokens": n,
                "run_id": "r",
            }
            for n in range(count)
        ],
        TOKENS.schema,
    )


def sequence_rows(splits):
    empty = dict.fromkeys(SEQUENCES.schema.names)
    return pa.Table.from_pylist(
        [{**empty, "sequence_id": str(n), "position": n, "split": split} for n, split in enumerate(splits)],
        SEQUENCES.schema,
    )


def written(tmp_path, table, *batches, run_id="r"):
    writer = TableWriter(str(tmp_path), table, run_id)
    for batch in batches:
        writer.write(batch)
    return writer.close()


def opened(tmp_path, table, file):
    return pq.ParquetFile(tmp_path / table.name / file.path)


def test_batches_become_one_file_with_all_rows_in_order(tmp_path):
    (file,) = written(tmp_path, TOKENS, token_rows(3), token_rows(4, first=3))
    parquet = opened(tmp_path, TOKENS, file)
    assert (file.rows, file.size) == (7, (tmp_path / "tokens" / file.path).stat().st_size)
    assert parquet.read()["doc_id"].to_pylist() == [f"d{n:05}" for n in range(7)]
    assert parquet.metadata.num_row_groups == 1
    assert parquet.schema_arrow.equals(TOKENS.schema)


def test_a_task_without_rows_writes_nothing(tmp_path):
    assert written(tmp_path, TOKENS) == []
    assert written(tmp_path, TOKENS, token_rows(0)) == []
    assert not (tmp_path / "tokens").exists()


def test_row_groups_are_bounded(tmp_path):
    (file,) = written(
        tmp_path,
        replace(TOKENS, row_group_bytes=50_000),
        *(token_rows(10, first=10 * n, size=1000) for n in range(30)),
    )
    metadata = opened(tmp_path, TOKENS, file).metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert sum(group.num_rows for group in groups) == file.rows == 300
    assert len(groups) >= 5
    assert all(group.total_byte_size < 65_000 for group in groups)
    assert (file.low["doc_id"], file.high["doc_id"]) == ("d00000", "d00299")


def test_a_file_that_has_become_large_is_closed_and_another_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "FILE_BYTES", 1_000)
    files = written(
        tmp_path, replace(TOKENS, row_group_bytes=10_000), *(token_rows(20, first=20 * n, size=1000) for n in range(3))
    )
    assert [file.rows for file in files] == [20, 20, 20]


@pytest.mark.parametrize(("table", "codec"), [(TOKENS, "LZ4"), (DOCUMENTS, "ZSTD"), (RUNS, "ZSTD")])
def test_each_table_has_its_compression(tmp_path, table, codec):
    rows = pa.Table.from_pylist([dict.fromkeys(table.schema.names)], table.schema)
    (file,) = written(tmp_path, table, rows)
    assert opened(tmp_path, table, file).metadata.row_group(0).column(0).compression == codec


def test_training_rows_have_the_compression_of_their_table_and_ids_in_plain_pages(tmp_path):
    (file,) = written(tmp_path, SEQUENCES, sequence_rows(["train"] * 5))
    group = opened(tmp_path, SEQUENCES, file).metadata.row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    ids = columns["ids"]
    assert ids.compression == {"uncompressed": "UNCOMPRESSED", "lz4_raw": "LZ4", "zstd": "ZSTD"}[SEQUENCES.compression]
    assert not ids.has_dictionary_page
    assert set(ids.encodings) <= {"PLAIN", "RLE", "BIT_PACKED"}
    assert ids.statistics is None


def test_columns_are_found_by_name_and_cast(tmp_path):
    rows = token_rows(2)
    other = rows.select(rows.column_names[::-1])
    other = other.set_column(other.column_names.index("n_tokens"), "n_tokens", rows["n_tokens"].cast(pa.int32()))
    (file,) = written(tmp_path, TOKENS, other)
    assert opened(tmp_path, TOKENS, file).read().equals(rows)


def test_a_row_that_lacks_a_column_is_an_error(tmp_path):
    with pytest.raises(KeyError, match="ids"):
        written(tmp_path, TOKENS, token_rows(1).drop_columns(["ids"]))


def test_each_partition_has_files_of_its_own_without_the_column(tmp_path):
    files = written(tmp_path, SEQUENCES, sequence_rows(["train", "heldout", "train"]), sequence_rows(["heldout"]))
    by_split = {file.partition["split"]: file for file in files}
    assert {split: file.rows for split, file in by_split.items()} == {"train": 2, "heldout": 2}
    assert all(file.path.startswith(f"split={split}/part-r-") for split, file in by_split.items())
    assert "split" not in opened(tmp_path, SEQUENCES, by_split["train"]).schema_arrow.names
    assert (by_split["train"].low["position"], by_split["train"].high["position"]) == (0, 2)


def test_a_task_that_is_given_up_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "FILE_BYTES", 1)
    writer = TableWriter(str(tmp_path), replace(TOKENS, row_group_bytes=1), "r")
    writer.write(token_rows(3))
    monkeypatch.setattr(parquet_writer, "FILE_BYTES", 1 << 30)
    writer.write(token_rows(3))
    assert len(list((tmp_path / "tokens").iterdir())) == 2
    writer.abort()
    assert list((tmp_path / "tokens").iterdir()) == []


def test_a_task_that_fails_leaves_no_file(tmp_path):
    def batches():
        yield from token_rows(3).to_batches()
        raise ValueError("document 7 has no words")

    with pytest.raises(ValueError, match="document 7"):
        list(WriteTask(str(tmp_path), replace(TOKENS, row_group_bytes=1), "r")(batches()))
    assert list((tmp_path / "tokens").iterdir()) == []


def test_a_task_reports_its_files(tmp_path):
    (report,) = WriteTask(str(tmp_path), TOKENS, "r")(iter(token_rows(3).to_batches()))
    (file,) = of_table(pa.Table.from_batches([report]), "tokens")
    assert file.rows == opened(tmp_path, TOKENS, file).metadata.num_rows == 3


def test_files_are_written_to_what_fsspec_knows():
    from pipelines.storage.storage import Storage

    storage = Storage("memory://writer/lake")
    writer = TableWriter(storage.root, TOKENS, "r")
    writer.write(token_rows(3))
    (file,) = writer.close()
    with storage.open(f"tokens/{file.path}") as stream:
        assert pq.ParquetFile(stream).metadata.num_rows == 3
    assert storage.size(f"tokens/{file.path}") == file.size
    storage.delete("")
