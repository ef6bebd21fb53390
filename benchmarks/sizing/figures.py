"""The file of measured figures, read into what the model takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.sizing.measure import PARTS
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


def combinations(measured: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(workload, engine) that have been measured at every size."""
    found = {(run["workload"], run["engine"]) for run in measured["runs"]}
    return sorted(pair for pair in found if [run["parts"] for run in runs(measured, *pair)] == list(PARTS))


def largest(measured: Mapping[str, Any], workload: str) -> dict[str, Any]:
    """The run of a workload with the most input."""
    found: dict[str, Any] = max(
        (run for run in measured["runs"] if run["workload"] == workload), key=lambda run: run["input_bytes"]
    )
    return found


def figures(found: Sequence[Mapping[str, Any]]) -> Figures:
    """From the runs of one workload on one engine, two sizes at least; shares are those of the largest."""
    last = found[-1]
    size = last["input_bytes"]
    tables = {name: TableSize(each["rows"] / size, each["bytes"] / size) for name, each in last["tables"].items()}
    tokens = last["tables"]["tokens"]["tokens"] / size
    stages = {name: _stage(found, name, tokens) for name in last["stages"]}
    return Figures(stages, tables, tokens)


SPARK_FACTOR = 84.9 / 49.9
"""CPU time of classic Spark over that of Sail for 36,000 pages (docs/benchmarks.md, WARC to packed sequences)."""


def of_cluster(measured: Mapping[str, Any], workload: str) -> Figures:
    """Of classic Spark.

    Where that was not measured at all sizes, CPU time is Sail's times `SPARK_FACTOR`; memory and shuffles are those of
    the largest run on Spark.
    """
    spark, sail = runs(measured, workload, "spark"), runs(measured, workload, "sail")
    if len(spark) == len(PARTS) or not sail:
        return figures(spark)
    found = figures(sail)
    stages = {}
    for name, stage in found.stages.items():
        line = Line(stage.cpu.fixed * SPARK_FACTOR, stage.cpu.slope * SPARK_FACTOR)
        stages[name] = replace(_memory_and_shuffles(stage, spark, name), cpu=line)
    return replace(found, stages=stages)


def _memory_and_shuffles(stage: Stage, spark: Sequence[Mapping[str, Any]], name: str) -> Stage:
    if not spark:
        return stage
    size, took = spark[-1]["input_bytes"], spark[-1]["stages"][name]
    return replace(
        stage,
        shuffled=took["shuffle_bytes"] / size,
        local=took["local_bytes"] / size,
        worker_mb=max(stage.worker_mb, took["peak_mb"].get("worker", 0.0)),
        executor_jvm_mb=took["peak_mb"].get("executor_jvm", 0.0),
        driver_mb=took["peak_mb"].get("driver", 0.0),
    )


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
