"""Runs every stage of the real pipeline on one, two, four and eight eighths of a corpus, and says what each took.

Each stage is a command of its own, as on a cluster. CPU time is that of all its processes, so the figures hold on a
machine that has other work; wall time is kept beside it and not used by the model.

On classic Spark, stage `dedup` runs a second time on a copy of the lake, with nothing grouped on the driver: the way
that it takes beyond `dedup.driver_documents`, which no corpus of this size would reach.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.lakes import RULES, policy
from benchmarks.process import run
from benchmarks.sizing.event_log import shuffled
from benchmarks.sizing.folders import Folders
from benchmarks.sizing.roles import Roles
from lake.lake import Lake

STAGES = ("ingest", "clean", "dedup", "tokenize", "pack")
APART = "dedup, distributed"
PARTS = (1, 2, 4, 8)
ENGINES = ("sail", "spark")

_EXECUTORS = "local-cluster[1,{cores},3072]"  # one executor, a JVM of its own: its memory is told from the driver's
_CALM = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8"}


@dataclass(frozen=True)
class Workload:
    """Some input in eighths, and the settings that it is run with, sections as of `jobs.config.RunConfig`."""

    name: str
    parts: Sequence[Sequence[Path]]  # eight groups of files, each a fair sample of the whole
    source: Mapping[str, Any]
    settings: Mapping[str, Any]


def pages(corpus: Path, tokenizer: Path, work: Path) -> Workload:
    """Web archives, main text by resiliparse, the four rule sets, near duplicates, tokens, sequences."""
    rules = policy(work, "language", *RULES, language={"wanted": None, "min_score": 0.65})
    return Workload("pages", _files(corpus / "warc"), {"name": "pages"}, _settings(tokenizer, rules))


def texts(corpus: Path, tokenizer: Path) -> Workload:
    """JSON lines of the same pages' main text, no document dropped before deduplication."""
    return Workload("texts", _files(corpus / "text"), {"name": "texts", "url_column": "url"}, _settings(tokenizer, "none"))


def own(folder: Path, settings: Mapping[str, Any]) -> Workload:
    """The files of a folder, dealt out to eight groups in the order of their size.

    Raises:
        ValueError: there are fewer than eight.
    """
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: (-path.stat().st_size, path))
    if len(files) < PARTS[-1]:
        raise ValueError(f"{folder}: {len(files)} files; eight at least, of similar sizes, are needed: split larger ones")
    return Workload("own", [files[part :: PARTS[-1]] for part in range(PARTS[-1])], {"name": "own"}, settings)


def _files(folder: Path) -> list[list[Path]]:
    return [[file] for file in sorted(folder.iterdir()) if not file.name.startswith(".")]


def _settings(tokenizer: Path, rules: str) -> dict[str, Any]:
    return {
        "clean": {"policy": rules},
        "tokenizer": {"name": "bench", "load": str(tokenizer)},
        "pack": [{"name": "causal", "length": 1024}],
    }


def measure(workload: Workload, engine: str, parts: int, cores: int, work: Path) -> dict[str, Any]:
    """One run of all stages on some eighths of a workload, in a lake that is left in `work`: JSON-able figures."""
    name = f"{workload.name}-{engine}-{parts}"
    root, logs, local = work / name, work / f"{name}-events", work / f"{name}-local"
    apart = root.with_name(f"{name}-apart")
    for folder in (root, logs, local, apart):
        shutil.rmtree(folder, ignore_errors=True)
    files = [file for part in workload.parts[:parts] for file in part]
    config = work / f"{name}.yaml"
    spark = {**_CALM, "spark.eventLog.enabled": "true", "spark.local.dir": str(local)}
    sections = {
        "lake": str(root),
        "sources": [{**workload.source, "path": [str(file) for file in files]}],
        **workload.settings,
        "profile": "large",
    }

    def took(stage: str, lake: Path, **more: Any) -> dict[str, Any]:
        events = logs / lake.name / stage
        events.mkdir(parents=True)
        logged = {**spark, "spark.eventLog.dir": events.as_uri()}
        config.write_text(yaml.safe_dump({**sections, **more, "lake": str(lake), "spark": logged}))
        return _stage(stage, config, engine, cores, {"staged": lake / "_staging", "local": local}, events)

    stages = {}
    for stage in STAGES:
        if stage == "dedup" and engine == "spark":
            shutil.copytree(root, apart)
            stages[APART] = took(stage, apart, dedup={"driver_documents": 0, "driver_edges": 0})
        stages[stage] = took(stage, root)
    if engine == "spark":
        require_same_clusters(root, apart)
    return {
        "workload": workload.name,
        "engine": engine,
        "parts": parts,
        "files": len(files),
        "input_bytes": sum(file.stat().st_size for file in files),
        "stages": stages,
        "tables": tables(root),
    }


def _stage(
    stage: str, config: Path, engine: str, cores: int, folders: Mapping[str, Path], events: Path
) -> dict[str, Any]:
    command = [sys.executable, "-m", "jobs", "stage", stage, config, "--engine", engine, "--log-json"]
    environment = {"TOKENLAKE_MASTER": _EXECUTORS.format(cores=cores)}
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
    with Roles() as roles, Folders(folders) as grown:
        finished = run(command, cores, environment)
    found: dict[str, Any] = {
        "cpu_seconds": round(finished.cpu_seconds, 2),
        "seconds": round(finished.seconds, 2),
        "peak_mb": dict(sorted(roles.peak_mb.items())),
        "staged_bytes": grown.peak_bytes["staged"],
    }
    if engine == "spark":
        log = shuffled(events)
        found |= {
            "local_bytes": grown.peak_bytes["local"],
            "shuffle_bytes": log.written,
            "spilled_bytes": log.spilled,
            "tasks": log.tasks,
        }
    return found


def require_same_clusters(one: Path, other: Path) -> None:
    """Requires that two lakes have the same rows in `duplicates`, those of different runs.

    Raises:
        AssertionError: they differ, so the two figures are not of the same work.
    """
    columns = ("doc_id", "cluster_id", "cluster_size", "component_id", "kept", "method")
    found = [Lake(str(root)).read_here("duplicates", columns).sort_by("doc_id") for root in (one, other)]
    if not found[0].equals(found[1]):
        raise AssertionError(f"{one} and {other}: `duplicates` grouped on the driver and distributed differ")


def tables(root: Path) -> dict[str, dict[str, int]]:
    """Rows, files and bytes of every table of a lake, and what the columns of some add up to."""
    lake = Lake(str(root))
    found = {}
    for name in lake.tables():
        files, size = lake.size(name)
        found[name] = {"rows": lake.rows(name), "files": files, "bytes": size}
    tokens = lake.read_here("tokens", ["n_tokens"])["n_tokens"].to_numpy()
    found["tokens"]["tokens"] = int(tokens.sum())
    return found
