"""Pinned jars for classic Spark: resolved once by Spark's own Ivy into a cache, verified by hash, then only read.

Ivy asks the repositories that Spark's settings name (`spark.jars.repositories` or `spark.jars.ivySettings` in
spark-defaults.conf), by default Maven Central.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.engine.spark.inherited import environment_of_classic_spark
from pipelines.errors import TokenlakeError


class JarError(TokenlakeError, RuntimeError):
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


@dataclass(frozen=True)
class JarSet:
    """Jars that belong together, and what not to bring along (Ivy's patterns `group:artifact`)."""

    jars: Sequence[Jar]
    excludes: Sequence[str]

    @staticmethod
    def read(pins: Path) -> "JarSet":
        """From a TOML file: a table `[[jar]]` for each with `coordinate` and `sha256`, and `[ivy] excludes`."""
        found = tomllib.loads(pins.read_text())
        return JarSet([Jar(**jar) for jar in found["jar"]], found["ivy"]["excludes"])

    def missing(self) -> list[Jar]:
        """Those that are not in the cache."""
        return [jar for jar in self.jars if not (cache_folder() / jar.file_name).is_file()]

    def installed(self) -> list[Path]:
        """Paths of all.

        Raises:
            JarError: one is absent.
        """
        absent = self.missing()
        if absent:
            raise JarError(f"missing {', '.join(jar.file_name for jar in absent)} in {cache_folder()}")
        return [cache_folder() / jar.file_name for jar in self.jars]

    def install(self) -> list[Path]:
        """Brings what is missing into the cache; downloads nothing when nothing is missing.

        Raises:
            JarError: Ivy could not resolve a jar, or its hash differs from the pin.
        """
        absent = self.missing()
        if absent:
            with tempfile.TemporaryDirectory(prefix="tokenlake-ivy-") as folder:
                output = self._resolve(absent, Path(folder))
                for jar in absent:
                    _adopt(jar, Path(folder), output)
        return self.installed()

    def _resolve(self, jars: Sequence[Jar], folder: Path) -> str:
        """Starts a throw-away Spark driver whose only task is `spark.jars.packages`.

        The JVM gets an empty home, because Ivy fails on a local Maven repository that holds a descriptor without its
        jar.
        """
        settings = {
            "spark.master": "local[1]",
            "spark.ui.enabled": "false",
            "spark.jars.packages": ",".join(jar.coordinate for jar in jars),
            "spark.jars.excludes": ",".join(self.excludes),
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
            env={**environment_of_classic_spark(), "SPARK_LOCAL_IP": "127.0.0.1"},
            cwd=folder,
        )
        return done.stdout + done.stderr


def cache_folder() -> Path:
    """`$TOKENLAKE_JARS`, else `tokenlake/jars` under the user's cache folder."""
    named = os.environ.get("TOKENLAKE_JARS")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokenlake" / "jars"


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
