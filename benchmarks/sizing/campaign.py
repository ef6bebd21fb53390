"""Measures all sizes of some workloads on some engines, and keeps the figures in a file as they come."""

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.results import commit_and_hardware
from benchmarks.sizing import buckets, driver
from benchmarks.sizing.measure import PARTS, Workload, measure
from benchmarks.sizing.skew import verification


def campaign(
    workloads: Sequence[Workload], engines: Sequence[str], cores: int, work: Path, file: Path
) -> dict[str, Any]:
    """Every run that the file does not have yet, then the distributions and the driver's rows."""
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"runs": [], "buckets": {}}
    commit, hardware = commit_and_hardware()
    found |= {"when": datetime.now(UTC).strftime("%Y-%m-%d"), "commit": commit, "hardware": hardware, "cores": cores}
    done = {(run["workload"], run["engine"], run["parts"]) for run in found["runs"]}
    for engine in engines:
        for parts in PARTS:
            for workload in workloads:
                if (workload.name, engine, parts) not in done:
                    print(f"{workload.name}, {engine}, {parts} of {PARTS[-1]} …", flush=True)
                    found["runs"].append(measure(workload, engine, parts, cores, work))
                    _distribution(found, workload, parts, work / f"{workload.name}-{engine}-{parts}")
                    _save(file, found)
    _driver(found, file, work)
    return found


def _distribution(found: dict[str, Any], workload: Workload, parts: int, lake: Path) -> None:
    """Of the engine that comes first: all write the same rows. Lakes but the largest are deleted."""
    known = found["buckets"].setdefault(workload.name, {})
    if str(parts) not in known:
        known[str(parts)] = buckets.distribution(str(lake))
        known[str(parts)]["verification"] = verification(str(lake))
    if parts != PARTS[-1]:
        shutil.rmtree(lake)


def _driver(found: dict[str, Any], file: Path, work: Path) -> None:
    lakes = [work / f"{run['workload']}-{run['engine']}-{run['parts']}" for run in found["runs"]]
    lake = next(lake for lake in reversed(lakes) if lake.exists())
    rows = found.setdefault("driver", {})
    for name in driver.COLLECTIONS:
        if name not in rows:
            print(f"driver: {name} …", flush=True)
            rows[name] = driver.per_row(name, str(lake))
            _save(file, found)


def _save(file: Path, found: dict[str, Any]) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(found, indent=1) + "\n")
    os.replace(partial, file)
