"""Does the model hold? What it says of eight eighths of a corpus from the smaller runs, beside what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.sizing import figures, simulate

TOTAL, STAGE, TABLE, BUCKETS = 0.20, 0.35, 0.15, 0.25
"""How far a prediction may be off, as a share of what was measured: CPU of all stages together, of one stage, rows and
bytes of a table, members of MinHash buckets."""

_LEAST_BYTES = 1_000_000  # smaller tables are mostly footers, whose share shrinks as they grow


@dataclass(frozen=True)
class Prediction:
    """A figure of the largest run, from the smaller ones."""

    workload: str
    engine: str
    what: str
    points: tuple[float, ...]  # measured, the largest last
    predicted: float
    tolerance: float

    @property
    def error(self) -> float:
        """As a share of what was measured; above 0 where the prediction was too high."""
        return self.predicted / self.points[-1] - 1

    @property
    def holds(self) -> bool:
        """Whether it is within the tolerance."""
        return abs(self.error) <= self.tolerance


def predictions(measured: Mapping[str, Any]) -> list[Prediction]:
    """For every workload and engine that was measured at all sizes, then the buckets."""
    found = []
    for workload, engine in figures.combinations(measured):
        runs = figures.runs(measured, workload, engine)
        found += _cpu(workload, engine, runs)
        found += _tables(workload, engine, runs) if all("tables" in run for run in runs) else []
    return [*found, *_buckets(measured["buckets"])]


def _cpu(workload: str, engine: str, runs: Sequence[Mapping[str, Any]]) -> list[Prediction]:
    size = runs[-1]["input_bytes"]
    found = []
    for stage in runs[-1]["stages"]:
        points = tuple(run["stages"][stage]["cpu_seconds"] for run in runs)
        line = figures.cpu_line(runs[:-1], stage)
        found.append(Prediction(workload, engine, f"CPU s, {stage}", points, line.at(size), STAGE))
    if len(found) == 1:
        return [replace(found[0], tolerance=TOTAL)]
    sums = tuple(sum(points) for points in zip(*(each.points for each in found), strict=True))
    total = sum(each.predicted for each in found)
    return [*found, Prediction(workload, engine, "CPU s, all stages", sums, total, TOTAL)]


def _tables(workload: str, engine: str, runs: Sequence[Mapping[str, Any]]) -> list[Prediction]:
    """Rows and bytes for each byte of input stay as they were in the run before."""
    factor = runs[-1]["input_bytes"] / runs[-2]["input_bytes"]
    found = []
    for table in ("documents", "measures", "signatures", "clean_documents", "tokens", "sequences_causal"):
        if table not in runs[-1]["tables"]:
            continue
        for unit in ("rows", "bytes"):
            points = tuple(float(run["tables"][table][unit]) for run in runs)
            if unit == "rows" or points[-2] > _LEAST_BYTES:
                predicted = factor * points[-2]
                found.append(Prediction(workload, engine, f"{unit} of {table}", points, predicted, TABLE))
    return found


def _buckets(buckets: Mapping[str, Any]) -> list[Prediction]:
    """Members of buckets with several members, in smaller corpora, from the largest: each document stays by chance."""
    whole = {int(size): count for size, count in buckets[str(max(map(int, buckets)))]["buckets"].items()}
    documents = buckets[str(max(map(int, buckets)))]["documents"]
    found = []
    for parts in sorted(map(int, buckets))[:-1]:
        part = buckets[str(parts)]
        expected = simulate.members(simulate.thinned(whole, part["documents"] / documents))
        real = float(simulate.members({int(size): count for size, count in part["buckets"].items()}))
        what = f"members of buckets with several, {parts} of 8"
        found.append(Prediction("texts", "", what, (real,), expected, BUCKETS))
    return found
