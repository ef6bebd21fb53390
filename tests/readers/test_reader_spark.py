"""The Spark edge: executors read, and the three kinds of row agree."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import delta_by_hand
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.readers.config import SourceConfig
from pipelines.readers.record import doc_id
from pipelines.readers.spark import documents, list_inputs, read_splits, rejects
from pipelines.readers.splits import assign, split
from pipelines.readers.staging import BATCH_BYTES, STAGED, staged_batches
from pipelines.readers.summary import by_file
from pipelines.tables import DOCUMENTS, REJECTS

NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("spark-input")
    lines = [json.dumps({"text": f"This is the document with the number {n}."}) for n in range(300)]
    lines[7] = "{broken"
    (folder / "a.jsonl").write_text("\n".join(lines))
    (folder / "b.txt").write_text("Ein deutscher Satz, der als solcher zu erkennen ist.")
    (folder / "c.bin").write_bytes(b"\0\1")
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        archive.writestr("m.txt", "Une phrase française que l'on reconnaît bien.")
    return folder


def test_batches_are_bounded_and_follow_the_schema(folder):
    config = SourceConfig(name="s", path=str(folder), unit="line")
    (folder / "long.txt").write_text(("x" * 1_000_000 + "\n") * 10)
    try:
        from pipelines.readers.listing import list_files

        batches = list(staged_batches(split(list_files(config), config, 1 << 30), "run", NOW))
    finally:
        (folder / "long.txt").unlink()
    assert all(batch.schema == STAGED for batch in batches)
    assert all(batch.nbytes < BATCH_BYTES + 8_000_000 for batch in batches)
    kinds = pa.Table.from_batches(batches)["kind"].to_pylist()
    assert (kinds.count("document"), kinds.count("reject"), kinds.count("summary")) == (311, 2, 5)


@pytest.fixture(scope="module")
def staged(spark, folder):
    """What three tasks read of the folder, computed once."""
    config = SourceConfig(name="s", path=str(folder))
    pieces = split(list_inputs(config), config, 5_000)
    tasks = assign(pieces, 3)
    assert len([piece for piece in pieces if piece.file.path == "a.jsonl"]) > 1
    return read_once(spark, tasks)


def read_once(spark, tasks):
    rows = read_splits(spark, tasks, "run-1", NOW).toArrow()
    return spark.createDataFrame(rows.select(STAGED.names).cast(STAGED))


def test_each_task_reads_its_own_splits(spark, folder):
    """A sink sees all that its task reads, and nothing else."""
    config = SourceConfig(name="s", path=str(folder))
    tasks = assign(split(list_inputs(config), config, 5_000), 3)
    counts = read_splits(spark, tasks, "run-1", NOW, sink=Counting()).toArrow()["rows"].to_pylist()
    alone = [sum(batch.num_rows for batch in staged_batches(task, "run-1", NOW)) for task in tasks]
    assert sorted(counts) == sorted(alone)


class Counting:
    """A sink that gives the number of rows of its task."""

    schema = pa.schema([("rows", pa.int64())])

    def __call__(self, rows):
        yield pa.RecordBatch.from_pydict({"rows": [sum(batch.num_rows for batch in rows)]}, schema=self.schema)


def test_documents_and_rejects_have_the_columns_of_the_contract(staged):
    assert documents(staged).schema == from_arrow_schema(DOCUMENTS.schema)
    assert rejects(staged).schema == from_arrow_schema(REJECTS.schema)


def test_every_document_has_its_id_and_language(staged):
    rows = {row.text: row for row in documents(staged).collect()}
    assert len(rows) == 301
    german = rows["Ein deutscher Satz, der als solcher zu erkennen ist."]
    assert (german.language, german.source, german.run_id) == ("de", "s", "run-1")
    assert 0.5 < german.language_score <= 1
    assert german.doc_id == doc_id("s", "b.txt", 0, german.text)
    french = rows["Une phrase française que l'on reconnaît bien."]
    assert french.language == "fr"
    assert french.uri.endswith("/d.zip!/m.txt")
    assert len({row.doc_id for row in rows.values()}) == 301


def test_summaries_count_what_the_tables_hold(staged):
    summaries = by_file(staged.where("kind = 'summary'").toArrow().to_pylist())
    found = {Path(row["uri"]).name: row for row in summaries}
    assert {name: (row["rows_read"], row["documents"], row["rejects"]) for name, row in found.items()} == {
        "a.jsonl": (300, 299, 1),
        "b.txt": (1, 1, 0),
        "c.bin": (1, 0, 1),
        "m.txt": (1, 1, 0),
    }
    assert sum(row["documents"] for row in summaries) == documents(staged).count()
    assert {row.reason for row in rejects(staged).collect()} == {"malformed_json", "unsupported"}


def test_a_delta_table_is_read_at_its_current_version(spark, tmp_path):
    """Removed files are not read; partition columns are, whatever their values."""
    table = str(tmp_path / "lake" / "a table")
    rows = [{"id": n, "text": f"text {n}", "part": ("a", "b", "c d/é%")[n % 3]} for n in range(9)]
    write_deltalake(table, pa.Table.from_pylist(rows), partition_by=["part"])
    DeltaTable(table).delete("part = 'a'")  # a whole file
    DeltaTable(table).delete("id = 4")  # the file of b is written anew
    found = read_table(spark, tmp_path)
    assert sorted((row.text, row.meta["id"], row.meta["part"]) for row in documents(found).collect()) == [
        ("text 1", "1", "b"),
        ("text 2", "2", "c d/é%"),
        ("text 5", "5", "c d/é%"),
        ("text 7", "7", "b"),
        ("text 8", "8", "c d/é%"),
    ]
    assert rejects(found).count() == 0


def test_renamed_columns_are_read_and_files_with_rows_that_a_vector_hides_are_rejected(spark, tmp_path):
    table = tmp_path / "lake" / "table"
    parts = {
        part: pa.table({"id": [n, n + 3], "text": [f"text {n}", f"text {n + 3}"]}) for n, part in enumerate("abc")
    }
    delta_by_hand.create(table, parts, "part")
    delta_by_hand.remove(table, "a.parquet")
    delta_by_hand.hide(table, "b.parquet", 1)
    found = read_table(spark, tmp_path)
    assert sorted(
        (row.text, row.position, row.meta["id"], row.meta["part"]) for row in documents(found).collect()
    ) == [
        ("text 2", 0, "2", "c"),
        ("text 5", 1, "5", "c"),
    ]
    (reject,) = rejects(found).collect()
    assert (reject.reason, reject.detail[:31]) == ("unsupported", "a deletion vector hides 1 rows:")


def read_table(spark, folder):
    config = SourceConfig(name="s", path=str(folder), id_column="id", meta_columns=("part",))
    return read_once(spark, assign(split(list_inputs(config), config, 1 << 20), 1))


def test_nothing_to_read_is_an_empty_frame(spark):
    assert read_splits(spark, [], "run", NOW).count() == 0
