"""Measures all sizes of some workloads on some engines, and keeps the figures in a file as they come."""

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.results import commit_and_hardware
from benchmarks.sizing import buckets, driver
from benchmarks.sizing.measure import PARTS, Workload, lake_of, measure, require_same_clusters


def campaign(
    workloads: Sequence[Workload], engines: Sequence[str], cores: int, work: Path, file: Path
) -> dict[str, Any]:
    """Every run that the file does not have yet, then the distributions and the driver's rows."""
    found: dict[str, Any] = (
        json.loads(file.read_text()) if file.exists() else {"runs": [], "buckets": {}, "driver": {}}
    )
    commit, hardware = commit_and_hardware()
    found |= {"when": datetime.now(UTC).strftime("%Y-%m-%d"), "commit": commit, "hardware": hardware, "cores": cores}
    for workload in workloads:
        if workload.name == "texts":
            _of_files(found, workload)
            _save(file, found)
    done = {(run["workload"], run["engine"], run["parts"]) for run in found["runs"]}
    for engine in engines:
        for parts in PARTS:
            for workload in workloads:
                if (workload.name, engine, parts) not in done:
                    print(f"{workload.name}, {engine}, {parts} of {PARTS[-1]} …", flush=True)
                    found["runs"].append(measure(workload, engine, parts, cores, work))
                    lake = lake_of(workload, engine, parts, work)
                    if workload.name == "own" and str(parts) not in found["buckets"]:
                        found["buckets"][str(parts)] = buckets.distribution(buckets.signed_of_lake(str(lake)))
                    _driver(found, lake)
                    _save(file, found)
    for workload in workloads:
        for parts in PARTS:
            lakes = [lake for engine in engines if (lake := lake_of(workload, engine, parts, work)).exists()]
            for other in lakes[1:]:
                require_same_clusters(lakes[0], other)
            for lake in lakes:
                shutil.rmtree(lake)
    return found


def _of_files(found: dict[str, Any], workload: Workload) -> None:
    """The distributions of JSON lines, each file signed once."""
    if len(found["buckets"]) < len(PARTS):
        print("buckets …", flush=True)
        tables = [buckets.signed(part) for part in workload.parts]
        for parts in PARTS:
            found["buckets"][str(parts)] = buckets.distribution(pa.concat_tables(tables[:parts]))


def _driver(found: dict[str, Any], lake: Path) -> None:
    for name in driver.COLLECTIONS:
        if name not in found["driver"]:
            print(f"driver: {name} …", flush=True)
            found["driver"][name] = driver.per_row(name, str(lake))


def _save(file: Path, found: dict[str, Any]) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(found, indent=1) + "\n")
    os.replace(partial, file)
