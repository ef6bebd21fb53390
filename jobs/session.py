"""The Spark session: one per command, set up for small lakes and left alone on a cluster."""

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from jobs import jars, java

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


QUIET_JVM = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}"

# Long runs pay back what the optimising compiler costs; short ones do not live to see it.
JVM_OPTIONS = {"small": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m", "large": "-XX:+UseParallelGC -Xss4m"}


def build(
    app: str = "tokenlake",
    master: str | None = None,
    settings: dict[str, str] | None = None,
    profile: str = "small",
) -> SparkSession:
    """Starts (or, under spark-submit, joins) a session with Delta.

    Precedence: required settings, then `settings`, then what spark-submit passed, then the laptop defaults.
    `profile` is `small` (quick start) or `large` (long runs): the JVM's compiler and collector.

    Raises:
        jars.JarError: the pinned jars are not installed and none were passed.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # workers start in half the time with bytecode
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # a JVM is already there, with its own settings and jars
    builder = SparkSession.builder.appName(app)
    if not submitted:
        java.use()
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.master(master or os.environ.get("TOKENLAKE_MASTER", "local[*]"))
        builder = builder.config("spark.jars", ",".join(map(str, jars.installed())))
        builder = builder.config("spark.driver.extraJavaOptions", f"{QUIET_JVM} {JVM_OPTIONS[profile]}")
        for key, value in SMALL.items():
            builder = builder.config(key, value)
    for key, value in {**(settings or {}), **REQUIRED}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
