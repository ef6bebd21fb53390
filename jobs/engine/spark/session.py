"""The session of classic Spark: tuned for small lakes on one machine; a cluster's own settings are kept.

Tables are read and committed through their logs (`lake`), so Spark itself needs no Delta.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from jobs.engine.spark import class_archive, gateway, java
from jobs.engine.spark.inherited import REMOTE
from pipelines import logs

# What every session needs, wherever it runs.
REQUIRED = {
    "spark.sql.session.timeZone": "UTC",
    # Python workers start as `python -m`, which would search their working directory first: the user's in local mode.
    "spark.executorEnv.PYTHONSAFEPATH": "1",
}

# Defaults that a spark-submit or operator configuration may override.
DEFAULTS = {
    # Python stages hold a batch of text at a time, whatever the documents' lengths.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(16 << 20),
}

# For `local[*]`: few partitions for few files, and low fixed costs.
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "4g",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.files.openCostInBytes": "1048576",
}

# With `profile: small`: on small data, compiling a query takes longer than interpreting it.
SMALL = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

_JVM_OPTIONS_KEY = "spark.driver.extraJavaOptions"
QUIET_JVM = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}"

# The optimising compiler pays off in long runs only.
JVM_OPTIONS = {
    "small": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xss4m",
    "large": "-XX:+UseParallelGC -Xss4m",
}


def build(
    app: str = "tokenlake",
    master: str | None = None,
    settings: Mapping[str, str] | None = None,
    profile: str = "small",
    on_output: gateway.OnOutput | None = None,
) -> SparkSession:
    """Starts a session, or joins the JVM that spark-submit started.

    `profile` chooses the JVM's compiler and garbage collector: `small` for a quick start, `large` for long runs. The
    JVM loads its classes from the class archive if there is one. `on_output` receives each line that the JVM writes to
    standard error; by default it is printed there.
    Precedence: `REQUIRED`, then `settings`, then spark-submit's, then the defaults.

    Raises:
        java.JavaError: no Java 17 or 21 is installed.
    """
    for name in REMOTE:
        os.environ.pop(name, None)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # workers start in half the time with bytecode
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # the JVM runs already, with its own settings
    if submitted:
        SparkContext._ensure_initialized()
    else:
        java.use()
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ["PYTHONPATH"] = _workers_import_path()
    conf = SparkConf().setAppName(app)
    conf.setIfMissing("spark.master", master or os.environ.get("TOKENLAKE_MASTER", "local[*]"))
    local = conf.get("spark.master", "").startswith("local")
    if not submitted:
        conf.setIfMissing(_JVM_OPTIONS_KEY, f"{JVM_OPTIONS[profile]} {class_archive.options()}")
    small = SMALL if local and profile == "small" else {}
    for key, value in (DEFAULTS | (LOCAL if local else {}) | small).items():
        conf.setIfMissing(key, value)
    logging = {f"spark.executorEnv.{name}": os.environ[name] for name in logs.INHERITED if name in os.environ}
    for key, value in {**logging, **(settings or {}), **REQUIRED}.items():
        conf.set(key, value)
    if not submitted:
        conf.set(_JVM_OPTIONS_KEY, f"{QUIET_JVM} {conf.get(_JVM_OPTIONS_KEY)}")  # first: another log4j file wins
        gateway.start(conf, on_output)
    session = SparkSession.builder.config(conf=conf).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def fails_without_session() -> bool:
    """Whether the cluster that spark-submit chose treats a driver that creates no session as failed: YARN does.

    On Kubernetes a driver's exit status counts, so a job that finds nothing new asks for no executors.
    """
    SparkContext._ensure_initialized()
    return not str(SparkConf().get("spark.master", "")).startswith("k8s://")


def _workers_import_path() -> str:
    """PYTHONPATH of the Python workers on this machine: tokenlake's folder, and what the user names by its path."""
    ours = str(Path(__file__).resolve().parents[3])
    own = [] if ours == sysconfig.get_path("purelib") else [ours]
    return os.pathsep.join([*own, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])


def default_parallelism(session: SparkSession) -> int:
    """Tasks that run at once."""
    return int(session.sparkContext.defaultParallelism)


def count_tasks(session: SparkSession, seen: dict[int, tuple[int, int]]) -> None:
    """Updates `seen`: Spark stage -> (tasks, ended tasks)."""
    tracker = session.sparkContext.statusTracker()
    active = set(tracker.getActiveStageIds())
    for stage in seen.keys() - active:
        seen[stage] = (seen[stage][0], seen[stage][0])
    for stage in active:
        info = tracker.getStageInfo(stage)
        if info:
            seen[stage] = (info.numTasks, info.numCompletedTasks)
