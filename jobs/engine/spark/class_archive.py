"""A class-data-sharing archive of the JVM: Spark's classes parsed once, then mapped into memory.

It halves the time of a session's start and first query. `tokenlake doctor --install --engine spark` builds it.
"""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from jobs.engine.spark import java
from jobs.engine.spark.inherited import environment_of_classic_spark
from jobs.failures import without_frames
from pipelines.child_process import environment, python
from pipelines.errors import TokenlakeError

# A run of all stages, so that the archive holds the classes that a run uses.
_TRAINING = """
import sys
from jobs.engine.spark.engine import SparkEngine
from jobs.first_run import rehearse
rehearse(SparkEngine({"spark.driver.extraJavaOptions": sys.argv[1]}), sys.argv[2])
"""


class ClassArchiveError(TokenlakeError, RuntimeError):
    """No class archive could be built; the message says why."""


def cache_folder() -> Path:
    """`tokenlake/classes` under the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokenlake" / "classes"


def path() -> Path:
    """The archive's path for this Java, Spark, release of tokenlake and training, whether it exists or not."""
    home = java.home()
    release = home / "release"
    parts = [str(home), release.read_text() if release.is_file() else "", sys.prefix]
    parts += [_TRAINING, *(version(package) for package in ("pyspark", "tokenlake"))]
    return cache_folder() / f"{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:16]}.jsa"


def options() -> str:
    """JVM options that use the archive; empty when it does not exist."""
    archive = path()
    return f"-Xshare:auto -XX:SharedArchiveFile={archive} -Xlog:disable" if archive.is_file() else ""


def install() -> Path:
    """Builds the archive unless it exists.

    Raises:
        ClassArchiveError: the JVM wrote none. A run works without one, but starts more slowly.
    """
    archive = path()
    if archive.is_file():
        return archive
    from tempfile import TemporaryDirectory

    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_suffix(f".{os.getpid()}")
    with TemporaryDirectory(prefix="tokenlake-classes-") as folder:
        done = subprocess.run(
            python("-c", _TRAINING, f"-XX:ArchiveClassesAtExit={part} -Xlog:disable", folder),
            capture_output=True,  # the JVM writes the archive as it ends, after Python: its end closes the pipes
            text=True,
            errors="replace",
            check=False,
            env=environment_of_classic_spark(environment(TOKENLAKE_MASTER="local[2]")),
        )
    if done.returncode or not part.is_file():
        part.unlink(missing_ok=True)
        raise ClassArchiveError(_why(done))
    part.replace(archive)
    return archive


def _why(done: "subprocess.CompletedProcess[str]") -> str:
    lines = without_frames(done.stderr.splitlines())
    said = f": {lines[-1].strip()}" if lines else ""
    if done.returncode:
        return f"the run over a few pages that loads Spark's classes failed (exit status {done.returncode}){said}"
    return f"this JVM wrote no archive{said}"
