"""Delta's jars for classic Spark, which only these tests need: to read our tables with Delta's own reader.

Resolved once by Spark's own Ivy into a cache, verified by hash, then only read.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("delta_jars.toml")


class JarError(RuntimeError):
    """A pinned jar is missing, or is not the one that was pinned."""


@dataclass(frozen=True)
class Jar:
    """A Maven coordinate with the SHA-256 of the file it must resolve to."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """`artifact-version.jar`."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def pinned() -> list[Jar]:
    """The jars that Delta needs besides Spark's own."""
    return [Jar(**jar) for jar in tomllib.loads(PINS.read_text())["jar"]]


def cache_folder() -> Path:
    """`$TOKENLAKE_JARS`, else `tokenlake/jars` under the user's cache folder."""
    named = os.environ.get("TOKENLAKE_JARS")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokenlake" / "jars"


def missing() -> list[Jar]:
    """Pinned jars that are not in the cache."""
    return [jar for jar in pinned() if not (cache_folder() / jar.file_name).is_file()]


def installed() -> list[Path]:
    """Paths of all pinned jars.

    Raises:
        JarError: one is absent; the message says how to get it.
    """
    absent = missing()
    if absent:
        names = ", ".join(jar.file_name for jar in absent)
        raise JarError(f"missing {names} in {cache_folder()}: `delta_jars.install()` brings it")
    return [cache_folder() / jar.file_name for jar in pinned()]


def install() -> list[Path]:
    """Brings what is missing into the cache; downloads nothing when nothing is missing.

    Raises:
        JarError: Ivy could not resolve a jar, or its hash differs from the pin.
    """
    absent = missing()
    if absent:
        with tempfile.TemporaryDirectory(prefix="tokenlake-ivy-") as folder:
            output = _resolve(absent, Path(folder))
            for jar in absent:
                _adopt(jar, Path(folder), output)
    return installed()


def _resolve(jars: list[Jar], folder: Path) -> str:
    """Starts a throw-away Spark driver whose only task is `spark.jars.packages`.

    The JVM gets an empty home, because Ivy fails on a local Maven repository that holds a descriptor without its jar.
    """
    excludes = tomllib.loads(PINS.read_text())["ivy"]["excludes"]
    settings = {
        "spark.master": "local[1]",
        "spark.ui.enabled": "false",
        "spark.jars.packages": ",".join(jar.coordinate for jar in jars),
        "spark.jars.excludes": ",".join(excludes),
        "spark.jars.ivy": str(folder / "ivy"),
        "spark.driver.extraJavaOptions": f"-Duser.home={folder}",
    }
    program = (
        "import sys, json\nfrom pyspark import SparkConf, SparkContext\n"
        "SparkContext(conf=SparkConf().setAll(json.load(sys.stdin).items())).stop()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
        cwd=folder,
    )
    return done.stdout + done.stderr


def _adopt(jar: Jar, folder: Path, output: str) -> None:
    group = jar.coordinate.split(":")[0]
    found = folder / "ivy" / "jars" / f"{group}_{jar.file_name}"
    if not found.is_file():
        tail = "\n".join(output.splitlines()[-15:])
        raise JarError(f"could not resolve {jar.coordinate}; is a Maven repository reachable?\n{tail}")
    digest = hashlib.sha256(found.read_bytes()).hexdigest()
    if digest != jar.sha256:
        raise JarError(f"{jar.file_name} has SHA-256 {digest}, pinned is {jar.sha256}: not used")
    cache_folder().mkdir(parents=True, exist_ok=True)
    part = cache_folder() / f".{jar.file_name}.{os.getpid()}"
    shutil.move(found, part)
    part.replace(cache_folder() / jar.file_name)
