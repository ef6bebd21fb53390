"""What Sail computes otherwise than Spark: each is avoided, and noticed here when it has changed.

See docs/decisions/0020-three-engines.md.
"""

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from jobs.engine.sail import SailEngine


@pytest.fixture(scope="module")
def session():
    engine = SailEngine()
    yield engine.session
    engine.stop()


def test_a_sort_within_partitions_is_dropped_before_a_python_function(session):
    def first_of_each_batch(batches):
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"id": batch.column("id")[:1]})

    rows = session.range(0, 1000, 1, 1).sortWithinPartitions(F.desc("id")).mapInArrow(first_of_each_batch, "id long")
    assert rows.head().id == 0  # Spark: 999. We number rows with a window, and check the numbers


def test_min_by_ignores_how_many_are_wanted(session):
    frame = session.createDataFrame([(1, 3), (2, 1), (3, 2)], "x int, y int")
    assert frame.agg(F.expr("min_by(x, y, 2)").alias("it")).head().it == 2  # Spark: [2, 3]. We number rows


def test_binary_is_cut_into_text(session):
    frame = session.createDataFrame([(b"abc",)], "it binary").select(F.substring("it", 1, 2).alias("it"))
    assert frame.head().it == "ab"  # Spark: bytes. We cut samples in Python


def test_a_field_of_a_null_struct_has_a_value(session):
    frame = session.createDataFrame(pa.table({"it": pa.array([None, {"n": 5}])})).select("it.n")
    assert frame.toArrow()["n"].to_pylist() == [0, 5]  # Spark: null, 5. We ask for the struct


def test_a_path_is_read_as_a_pattern_but_a_uri_is_not(session, tmp_path):
    folder = tmp_path / "a[b]"
    folder.mkdir()
    session.createDataFrame([(1,)], "x int").toPandas().to_parquet(folder / "f.parquet")
    file = folder / "f.parquet"
    assert session.read.schema("x int").parquet(str(file)).count() == 0  # no error: rows would be lost without a word
    assert session.read.schema("x int").parquet(file.as_uri()).count() == 1


def test_a_value_at_an_edge_falls_into_another_bucket(session):
    low, high, count = 0.0, 1.02, 51
    values = [low + number * (high - low) / count for number in range(1, count)]
    frame = session.createDataFrame([(value,) for value in values], "value double")
    found = frame.select(F.width_bucket("value", F.lit(low), F.lit(high), F.lit(count)).alias("it")).toArrow()["it"]
    as_spark = [int(count * (value - low) / (high - low)) + 1 for value in values]  # Spark's MathUtils.widthBucket
    assert found.to_pylist() != as_spark  # the report computes its bins by arithmetic
