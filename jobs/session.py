"""The Spark session: one per command, set up for small lakes on a laptop, left alone on a cluster."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from jobs import class_archive, gateway, jars, java

# What every session needs, wherever it runs.
REQUIRED = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # Packed ids are read as one buffer: no dictionary pages in front of them.
    "spark.hadoop.parquet.enable.dictionary#ids": "false",
}

# Defaults that a spark-submit or operator configuration may override.
DEFAULTS = {
    # Python stages hold a batch of text at a time, whatever the documents' lengths.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(16 << 20),
}

# For `local[*]`: few partitions for few files, no second of fixed cost that is not needed.
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "4g",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.files.openCostInBytes": "1048576",
}

_JVM_OPTIONS_KEY = "spark.driver.extraJavaOptions"
QUIET_JVM = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}"

# Long runs pay back what the optimising compiler costs; short ones do not live to see it.
JVM_OPTIONS = {
    "small": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xss4m",
    "large": "-XX:+UseParallelGC -Xss4m",
}


def build(
    app: str = "tokenlake",
    master: str | None = None,
    settings: Mapping[str, str] | None = None,
    profile: str = "small",
    archive: bool = True,
    tell: gateway.Tell | None = None,
) -> SparkSession:
    """Starts a session with Delta, or joins the JVM that spark-submit started.

    `profile` is `small` (quick start) or `large` (long runs): the JVM's compiler and collector. `archive` maps the
    JVM's classes from the class archive where one was made. `tell` is given each line that the JVM says on standard
    error; by default that is where it goes.
    Precedence: required settings, then `settings`, then spark-submit's, then the defaults.

    Raises:
        jars.JarError: the pinned jars are not installed.
        java.JavaError: no Java that Spark runs on.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # workers start in half the time with bytecode
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # a JVM is there, with its own settings
    if submitted:
        SparkContext._ensure_initialized()
    else:
        java.use()
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    conf = SparkConf().setAppName(app)
    conf.setIfMissing("spark.master", master or os.environ.get("TOKENLAKE_MASTER", "local[*]"))
    local = conf.get("spark.master", "").startswith("local")
    if not submitted:
        sharing = class_archive.options() if archive else ""
        conf.setIfMissing(_JVM_OPTIONS_KEY, f"{JVM_OPTIONS[profile]} {sharing}")
    for key, value in (DEFAULTS | (LOCAL if local else {})).items():
        conf.setIfMissing(key, value)
    for key, value in {**(settings or {}), **REQUIRED}.items():
        conf.set(key, value)
    _add_jars(conf, submitted)
    if not submitted:
        conf.set(_JVM_OPTIONS_KEY, f"{QUIET_JVM} {conf.get(_JVM_OPTIONS_KEY)}")  # first: another log4j file wins
        gateway.start(conf, tell)
    session = SparkSession.builder.config(conf=conf).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _add_jars(conf: SparkConf, submitted: bool) -> None:
    """Puts the pinned jars on the class paths, unless whoever submitted the job has put Delta there."""
    if submitted and _has_delta():
        return
    paths = jars.installed()
    if not submitted:  # on the class path proper, where the class archive can hold them
        conf.set("spark.driver.extraClassPath", os.pathsep.join(map(str, paths)))
    if submitted or not conf.get("spark.master", "").startswith("local["):
        passed = [jar for jar in conf.get("spark.jars", "").split(",") if jar]
        conf.set("spark.jars", ",".join([*passed, *map(str, paths)]))
    if submitted:  # the driver's loader was made before these settings: it has to be told
        loader = SparkContext._jvm.java.lang.Thread.currentThread().getContextClassLoader()
        for path in paths:
            loader.addURL(SparkContext._jvm.java.net.URL(path.as_uri()))


def _has_delta() -> bool:
    from py4j.protocol import Py4JJavaError

    loader = SparkContext._jvm.java.lang.Thread.currentThread().getContextClassLoader()
    try:
        loader.loadClass(REQUIRED["spark.sql.extensions"])
    except Py4JJavaError:
        return False
    return True
