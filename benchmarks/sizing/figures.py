"""The file of measured figures, read into what the model takes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.sizing.model import Figures, Line, Skew, Stage, TableSize, fit

MEASURED = Path(__file__).with_name("measured.json")

_SHARD_TOKENS = 50_000_000  # pack.shard_tokens: a task of pack holds one shard


def load(file: Path = MEASURED) -> dict[str, Any]:
    """The content of a file that `campaign` wrote.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def runs(measured: Mapping[str, Any], workload: str, engine: str) -> list[dict[str, Any]]:
    """The runs of a workload on an engine, the smallest first."""
    found = [run for run in measured["runs"] if run["workload"] == workload and run["engine"] == engine]
    return sorted(found, key=lambda run: run["parts"])


def combinations(measured: Mapping[str, Any], least: int = 3) -> list[tuple[str, str]]:
    """(workload, engine) that have been measured at several sizes: three say whether a line holds."""
    found = {(run["workload"], run["engine"]) for run in measured["runs"]}
    return sorted(pair for pair in found if len(runs(measured, *pair)) >= least)


def tables(measured: Mapping[str, Any], workload: str) -> Mapping[str, Any]:
    """What the lake of a workload held: `input_bytes`, and for each table its rows, bytes and more.

    Of the largest run that kept its counts, else of a run of its own.
    """
    counted = [run for run in measured["runs"] if run["workload"] == workload and "tables" in run]
    if counted:
        last = max(counted, key=lambda run: run["input_bytes"])
        return {"input_bytes": last["input_bytes"], **last["tables"]}
    found: Mapping[str, Any] = measured["tables"][workload]
    return found


def figures(found: Sequence[Mapping[str, Any]], held: Mapping[str, Any]) -> Figures:
    """From the runs of one workload on one engine, two sizes at least, and what its lake `held` (`tables`)."""
    size = held["input_bytes"]
    each = {name: table for name, table in held.items() if name != "input_bytes"}
    sizes = {name: TableSize(table["rows"] / size, table["bytes"] / size) for name, table in each.items()}
    tokens = each["tokens"]["tokens"] / size
    stages = {name: _stage(found, name, tokens) for name in found[-1]["stages"]}
    return Figures(stages, sizes, tokens)


def of_cluster(measured: Mapping[str, Any], workload: str) -> Figures:
    """Of classic Spark, the engine of clusters; two sizes at least."""
    return figures(runs(measured, workload, "spark"), tables(measured, workload))


def cpu_line(found: Sequence[Mapping[str, Any]], stage: str) -> Line:
    """CPU seconds of a stage over bytes of input."""
    sizes = [run["input_bytes"] for run in found]
    return fit(sizes, [run["stages"][stage]["cpu_seconds"] for run in found])


def _stage(found: Sequence[Mapping[str, Any]], name: str, tokens: float) -> Stage:
    each = [run["stages"][name] for run in found]
    size = found[-1]["input_bytes"]
    worker = max(one["peak_mb"].get("worker", 0.0) for one in each)
    if name == "pack" and worker:  # a task holds a shard: its memory grows with the input up to the size of a shard
        line = fit([run["input_bytes"] for run in found], [one["peak_mb"].get("worker", 1.0) for one in each])
        worker = max(worker, line.at(_SHARD_TOKENS / tokens))
    return Stage(
        cpu=cpu_line(found, name),
        shuffled=each[-1].get("shuffle_bytes", 0) / size,
        local=max(one.get("local_bytes", 0) / run["input_bytes"] for one, run in zip(each, found, strict=True)),
        worker_mb=worker,
        executor_jvm_mb=max(one["peak_mb"].get("executor_jvm", 0.0) for one in each),
        driver_mb=max(one["peak_mb"].get("driver", 0.0) for one in each),
    )


def skew(buckets: Mapping[str, Any]) -> Skew:
    """Of the largest corpus whose distribution was measured."""
    most = buckets[str(max(map(int, buckets)))]
    members = max(map(int, most["components"]))
    return Skew(members / most["documents"], most["verification_seconds"] / most["members"])


def edges_per_document(buckets: Mapping[str, Any]) -> float:
    """Candidate edges for each signed document, in the largest corpus."""
    most = buckets[str(max(map(int, buckets)))]
    return float(most["edges"] / most["documents"])


def driver_rows(measured: Mapping[str, Any]) -> dict[str, float]:
    """Collection of the driver -> bytes of a row."""
    return {name: each["bytes"] for name, each in measured["driver"].items()}
