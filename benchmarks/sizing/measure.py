"""Runs every stage of the real pipeline on one, two, four and eight eighths of a corpus, and says what each took.

CPU time is that of all processes, so the figures hold on a machine that has other work; wall time is kept beside it,
and not used by the model. On classic Spark nothing is grouped on the driver: the way that stage `dedup` takes beyond
`dedup.driver_documents`, which no corpus of this size would reach.
"""

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
from lake.lake import Lake

DISTRIBUTED = {"driver_documents": 0, "driver_edges": 0}
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
    return Workload(
        "texts", _files(corpus / "text"), {"name": "texts", "url_column": "url"}, _settings(tokenizer, "none")
    )


def own(folder: Path, settings: Mapping[str, Any]) -> Workload:
    """The files of a folder, dealt out to eight groups in the order of their size.

    Raises:
        ValueError: there are fewer than eight.
    """
    files = sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: (-path.stat().st_size, path)
    )
    if len(files) < PARTS[-1]:
        raise ValueError(
            f"{folder}: {len(files)} files; eight at least, of similar sizes, are needed: split larger ones"
        )
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
    root = lake_of(workload, engine, parts, work)
    events, local = root.with_name(f"{root.name}-events"), root.with_name(f"{root.name}-local")
    for folder in (root, events, local):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    files = [file for part in workload.parts[:parts] for file in part]
    spark = {
        **_CALM,
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.local.dir": str(local),
    }
    sections = {
        **workload.settings,
        "lake": str(root),
        "sources": [{**workload.source, "path": [str(file) for file in files]}],
        "dedup": {**workload.settings.get("dedup", {}), **(DISTRIBUTED if engine == "spark" else {})},
        "profile": "large",
        "spark": spark,
    }
    config = root.with_suffix(".yaml")
    config.write_text(yaml.safe_dump(sections))
    command = [sys.executable, "-m", "benchmarks.sizing.stages", config, engine, local]
    stages = run(command, cores, {"TOKENLAKE_MASTER": _EXECUTORS.format(cores=cores)}).said()
    for stage in stages.values():
        begin, end = stage.pop("begin"), stage.pop("end")
        if engine == "spark":
            log = shuffled(events, begin, end)
            stage |= {"shuffle_bytes": log.written, "spilled_bytes": log.spilled, "tasks": log.tasks}
    shutil.rmtree(local, ignore_errors=True)
    held = tables(root)
    return {
        "workload": workload.name,
        "engine": engine,
        "parts": parts,
        "files": len(files),
        "input_bytes": sum(file.stat().st_size for file in files),
        "stages": stages,
        "documents": held["documents"]["rows"],
        "tables": held,
    }


def lake_of(workload: Workload, engine: str, parts: int, work: Path) -> Path:
    """Where a run leaves its lake."""
    return work / f"{workload.name}-{engine}-{parts}"


def require_same_clusters(one: Path, other: Path) -> None:
    """Requires that two lakes of the same input have the same rows in `duplicates`.

    Raises:
        AssertionError: they differ.
    """
    columns = ("doc_id", "cluster_id", "cluster_size", "component_id", "kept", "method")
    found = [Lake(str(root)).read_here("duplicates", columns).sort_by("doc_id") for root in (one, other)]
    if not found[0].equals(found[1]):
        raise AssertionError(f"{one} and {other}: their `duplicates` differ")


def tables(root: Path) -> dict[str, dict[str, int]]:
    """Rows, files and bytes of every table of a lake, and what the columns of some add up to."""
    lake = Lake(str(root))
    found = {}
    for name in lake.tables():
        files, size = lake.size(name)
        found[name] = {"rows": lake.rows(name), "files": files, "bytes": size}
    tokens = lake.read_here("tokens", ["n_tokens"])["n_tokens"].to_numpy()
    found["tokens"]["tokens"] = int(tokens.sum())
    lengths = lake.read_here("signatures", ["length"])["length"].to_numpy()
    found["signatures"]["characters"] = int(lengths.sum())
    return found
