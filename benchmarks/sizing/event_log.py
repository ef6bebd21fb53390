"""What classic Spark's event log says of a run: bytes shuffled and spilled, tasks, and the longest task."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shuffled:
    """Sums over the tasks of one application that ended well; bytes, and seconds of the longest task."""

    written: int
    spilled: int
    tasks: int
    longest: float


def shuffled(folder: Path) -> Shuffled:
    """Reads every event log below a folder; of plain files and of rolled ones.

    Source: Spark 4.2, org.apache.spark.util.JsonProtocol (SparkListenerTaskEnd).
    """
    written = spilled = tasks = 0
    longest = 0.0
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        for line in file.open(encoding="utf-8", errors="replace"):
            if '"SparkListenerTaskEnd"' not in line:
                continue
            event = json.loads(line)
            metrics = event.get("Task Metrics")
            if not metrics:
                continue
            written += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            spilled += metrics["Disk Bytes Spilled"]
            longest = max(longest, metrics["Executor Run Time"] / 1000)
            tasks += 1
    return Shuffled(written, spilled, tasks, longest)
