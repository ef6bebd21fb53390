"""What the driver holds, row by row: the memory of every place where rows come together in one process.

    python -m benchmarks.sizing.driver NAME ROWS LAKE

runs one of them on so many rows, made from those of a real lake, and prints {"bytes", "cpu_seconds"}. Called in a
process of its own for two numbers of rows; the difference is what a row costs (`per_row`).
"""

import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import REPOSITORY
from benchmarks.sizing import driver_rows as rows_of
from lake.lake import Lake


@dataclass(frozen=True)
class Collection:
    """A place where the driver holds rows."""

    row: str  # what a row is
    where: str  # the code
    bounded_by: str  # the setting that bounds the rows; empty when nothing does
    measured_rows: int  # and twice as many
    write: Callable[[Lake, int, Path], None]  # rows to a folder, from a lake
    hold: Callable[[int, Path], object]  # measured; what it returns is held until the memory has been looked at


COLLECTIONS = {
    "documents grouped": Collection(
        "document",
        "pipelines/dedup/grouping.py",
        "dedup.driver_documents",
        50_000,
        rows_of.write_signatures,
        rows_of.group,
    ),
    "edges connected": Collection(
        "candidate edge",
        "pipelines/dedup/components.py",
        "dedup.driver_edges",
        200_000,
        rows_of.write_chain,
        rows_of.connect,
    ),
    "ids of rows to find or replace": Collection(
        "document",
        "lake/ledger.py (keys), lake/row_files.py",
        "",
        300_000,
        rows_of.write_names,
        rows_of.look_up,
    ),
    "ids of a table looked through": Collection(
        "row of a data file", "lake/row_files.py", "the largest file", 300_000, rows_of.write_names, rows_of.scan
    ),
    "clusters counted": Collection(
        "row of `duplicates`", "jobs/counts.py", "", 300_000, rows_of.write_names, rows_of.count_distinct
    ),
    "input files known": Collection(
        "input file", "jobs/stages/known_sources.py", "", 5_000, rows_of.write_inputs, rows_of.know
    ),
    "splits planned": Collection(
        "split",
        "pipelines/readers/splits.py, pipelines/readers/spark.py",
        "ingest.split_bytes, ingest.batch_bytes",
        5_000,
        rows_of.write_nothing,
        rows_of.plan_splits,
    ),
    "data files listed": Collection(
        "data file of a table",
        "lake/data_files.py (active)",
        "ingest.split_bytes; tokenlake maintain",
        5_000,
        rows_of.write_log,
        rows_of.list_data_files,
    ),
    "data files reported": Collection(
        "written data file",
        "jobs/stages/staged_files.py",
        "ingest.split_bytes, ingest.batch_bytes",
        5_000,
        rows_of.write_reports,
        rows_of.make_manifest,
    ),
    "representatives held": Collection(
        "cluster of a component",
        "pipelines/dedup/representatives.py: in a task, not on the driver",
        "",
        1_000,
        rows_of.write_shingles,
        rows_of.represent,
    ),
}


def per_row(name: str, lake: str) -> dict[str, Any]:
    """Bytes and CPU microseconds that a row of a collection costs: two runs, the second with twice the rows."""
    rows = COLLECTIONS[name].measured_rows
    once, twice = (_run(name, count, lake) for count in (rows, 2 * rows))
    return {
        "rows": [rows, 2 * rows],
        "bytes": round((twice["bytes"] - once["bytes"]) / rows, 1),
        "cpu_microseconds": round((twice["cpu_seconds"] - once["cpu_seconds"]) / rows * 1e6, 2),
    }


def _run(name: str, rows: int, lake: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.sizing.driver", name, str(rows), lake]
    said = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, float] = json.loads(said.strip().splitlines()[-1])
    return found


def main(name: str, rows: int, lake: str) -> None:
    """Prints how far the peak of this process's memory rises, and the CPU time.

    Rows are made in another process, so that memory which that has freed here is not used again unseen.
    """
    collection = COLLECTIONS[name]
    with tempfile.TemporaryDirectory(prefix="tokenlake-driver-") as name_of_folder:
        folder = Path(name_of_folder)
        writer = multiprocessing.get_context("spawn").Process(target=_write, args=(name, lake, rows, folder))
        writer.start()
        writer.join()
        if writer.exitcode:
            sys.exit(writer.exitcode)
        before, started = _memory("VmRSS"), time.process_time()
        held = collection.hold(rows, folder)
        seconds, peak = time.process_time() - started, _memory("VmHWM")
        del held
    print(json.dumps({"bytes": peak - before, "cpu_seconds": seconds}))


def _write(name: str, lake: str, rows: int, folder: Path) -> None:
    COLLECTIONS[name].write(Lake(lake), rows, folder)


def _memory(name: str) -> int:
    """A line of proc_pid_status(5), in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
