"""The Spark session: one per command, set up for small lakes and left alone on a cluster."""

import os
import sys

from pyspark.sql import SparkSession

from jobs import jars

# What every session needs, wherever it runs.
REQUIRED = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # Python stages hold a batch of text at a time, whatever the documents' lengths.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(16 << 20),
    # Packed ids are read as one buffer: no dictionary pages in front of them.
    "spark.hadoop.parquet.enable.dictionary#ids": "false",
    # Workers fork from one warm daemon and stay for the next task.
    "spark.python.worker.reuse": "true",
}

# Defaults tuned for laptops; a spark-submit or operator configuration overrides each of them.
SMALL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "8",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "true",
    "spark.sql.files.openCostInBytes": "1048576",
    "spark.databricks.delta.stats.collect": "true",
}


def build(app: str = "tokenlake", master: str | None = None, settings: dict[str, str] | None = None) -> SparkSession:
    """Starts (or, under spark-submit, joins) a session with Delta.

    Precedence: required settings, then `settings`, then what spark-submit passed, then the laptop defaults.

    Raises:
        jars.JarError: the pinned jars are not installed and none were passed.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # a JVM is already there, with its own settings and jars
    builder = SparkSession.builder.appName(app)
    if not submitted:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.master(master or os.environ.get("TOKENLAKE_MASTER", "local[*]"))
        builder = builder.config("spark.jars", ",".join(map(str, jars.installed())))
        for key, value in SMALL.items():
            builder = builder.config(key, value)
    for key, value in {**(settings or {}), **REQUIRED}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
