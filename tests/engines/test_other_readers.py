"""The tables are plain Delta: readers that know nothing of tokenlake find the same rows."""

import json
import subprocess
import sys

import delta_jars
import duckdb
import engine_commands
import lake_rows
import pytest
from deltalake import DeltaTable

from lake.lake import Lake

# A JVM of its own, with Delta's jars: counts the rows of each table, and adds up a column of the packed ids.
DELTA_ON_SPARK = """
import json, sys
from pyspark.sql import SparkSession
jars, lake, *names = sys.argv[1:]
builder = SparkSession.builder.master("local[2]").config("spark.jars", jars)
builder = builder.config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
builder = builder.config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
spark = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2").getOrCreate()
found = {}
for name in names:
    rows = spark.read.format("delta").load(f"{lake}/{name}")
    found[name] = [rows.count(), sorted(rows.columns)]
train = spark.read.format("delta").load(f"{lake}/sequences_causal").where("split = 'train'")
found["train"] = train.selectExpr("count(*)", "sum(length(ids))", "sum(n_tokens)").head().asDict()
spark.stop()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def lake(expected):
    return expected.second


@pytest.fixture(scope="module")
def rows(lake):
    """What a plain reading of log and files finds."""
    found = {name: lake_rows.read(lake, name) for name in lake_rows.tables(lake)}
    return {name: table for name, table in found.items() if table.num_rows}  # of others the files tell no columns


def test_delta_on_spark_reads_every_table(lake, rows):
    jars = ",".join(map(str, delta_jars.install()))
    done = subprocess.run(
        [sys.executable, "-c", DELTA_ON_SPARK, jars, str(lake), *rows],
        capture_output=True,
        text=True,
        env=engine_commands.environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    train = found.pop("train")
    assert found == {name: [table.num_rows, sorted(table.column_names)] for name, table in rows.items()}
    ids = rows["sequences_causal"].filter(_is_train(rows["sequences_causal"]))
    assert list(train.values()) == [len(ids), sum(map(len, ids["ids"].to_pylist())), sum(ids["n_tokens"].to_pylist())]


def test_delta_rs_reads_every_table(lake, rows):
    for name, expected in rows.items():
        found = DeltaTable(str(lake / name)).to_pyarrow_table()
        assert (found.num_rows, sorted(found.column_names)) == (expected.num_rows, sorted(expected.column_names)), name


def test_duckdb_reads_every_table_from_its_list_of_files(lake, rows):
    for name, expected in rows.items():
        files = [str(lake / name / file.path) for file in Lake(str(lake)).files(name)]
        if files:
            found = duckdb.sql(f"SELECT count(*) FROM read_parquet({files}, hive_partitioning = true)").fetchall()
            assert found == [(expected.num_rows,)], name


def _is_train(table):
    import pyarrow.compute as pc

    return pc.equal(table["split"], "train")
