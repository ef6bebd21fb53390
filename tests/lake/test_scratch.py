"""Intermediate rows: there while they are needed, gone afterwards, whatever happened."""

import pyarrow as pa
import pytest

from lake.lake import Lake
from lake.scratch import STAGING, Scratch


@pytest.fixture
def lake(engine, tmp_path):
    return Lake(str(tmp_path), engine)


def left(lake):
    return list(lake.storage.files_below(STAGING))


def test_rows_are_computed_once_and_read_from_files(lake, spark):
    with Scratch(lake, "work") as scratch:
        random = spark.range(100).selectExpr("id", "rand() AS chance")
        kept = scratch.keep(random)
        assert sorted(kept.collect()) == sorted(kept.collect())
        assert left(lake)
    assert left(lake) == []


def test_rows_of_this_process_become_a_frame(lake):
    rows = pa.table(
        {
            "name": ["a", None],
            "ids": [[1, 2], []],
            "map": pa.array([{"k": "v"}, {}], pa.map_(pa.string(), pa.string())),
        }
    )
    with Scratch(lake, "work") as scratch:
        found = scratch.frame(rows).toArrow().to_pylist()
        assert found == [{"name": "a", "ids": [1, 2], "map": [("k", "v")]}, {"name": None, "ids": [], "map": []}]
        assert scratch.frame(rows.slice(0, 0)).collect() == []


def test_nothing_is_left_after_an_error(lake, spark):
    def fail():
        with Scratch(lake, "work") as scratch:
            scratch.keep(spark.range(3))
            assert left(lake)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert left(lake) == []


def test_what_an_attempt_before_has_left_is_removed_first(lake, spark):
    scratch = Scratch(lake, "work").__enter__()  # killed: never left
    scratch.keep(spark.range(3))
    with Scratch(lake, "other"):
        assert left(lake)
    with Scratch(lake, "work"):
        assert left(lake) == []


def test_scratch_is_no_table_of_the_lake(lake, spark):
    with Scratch(lake, "work") as scratch:
        scratch.keep(spark.range(3))
        assert lake.tables() == []
