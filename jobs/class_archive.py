"""A class-data-sharing archive of the JVM: Spark's and Delta's classes parsed once, then mapped into memory.

It halves what a session and its first Delta write and read cost. Made once by `tokenlake doctor --install`.
"""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from jobs import jars, java

# What a first run does, so that the archive holds its classes: a session, a Delta write, a merge, a read, a Python stage.
_TRAINING = """
import sys
from jobs import session
from jobs.lake import Lake
from delta.tables import DeltaTable
def same(batches):
    yield from batches
spark = session.build(archive=False, settings={"spark.driver.extraJavaOptions": sys.argv[1]})
path = sys.argv[2]
rows = spark.range(100).selectExpr("cast(id as string) AS doc_id", "id", "array(id) AS list", "map('a', id) AS map")
rows.repartition(2).mapInArrow(same, rows.schema).write.format("delta").partitionBy("id").save(path + "/part")
rows.write.format("delta").option("userMetadata", "{}").save(path + "/table")
table = DeltaTable.forPath(spark, path + "/table").alias("old")
table.merge(rows.alias("new"), "old.doc_id = new.doc_id").whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
read = Lake(spark, path).read("table")
read.join(read.select("doc_id"), "doc_id", "left_anti").collect()
read.groupBy("doc_id").count().orderBy("doc_id").toArrow()
spark.sql(f"DESCRIBE DETAIL delta.`{path}/table`").collect()
spark.stop()
"""


def path() -> Path:
    """Where the archive of this Java, Spark and these jars lies, or would lie."""
    home = java.home()
    release = home / "release"
    facts = [str(home), release.read_text() if release.is_file() else "", version("pyspark"), sys.prefix]
    facts += [jar.sha256 for jar in jars.pinned()]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    return jars.cache_folder().parent / "classes" / f"{digest}.jsa"


def options() -> str:
    """JVM options that use the archive; empty when it has not been made."""
    archive = path()
    return f"-Xshare:auto -XX:SharedArchiveFile={archive} -Xlog:disable" if archive.is_file() else ""


def install() -> Path | None:
    """Makes the archive unless it is there. Returns None when the JVM could not make one: nothing depends on it."""
    archive = path()
    if archive.is_file():
        return archive
    from tempfile import TemporaryDirectory

    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_suffix(f".{os.getpid()}")
    with TemporaryDirectory(prefix="tokenlake-classes-") as folder:
        command = [sys.executable, "-c", _TRAINING, f"-XX:ArchiveClassesAtExit={part} -Xlog:disable", folder]
        checkout = str(Path(__file__).resolve().parents[1])
        environment = {**os.environ, "PYTHONPATH": checkout, "TOKENLAKE_MASTER": "local[2]"}
        subprocess.run(command, capture_output=True, check=False, cwd=folder, env=environment)
    if not part.is_file():
        return None
    part.replace(archive)
    return archive
