"""What classic Spark's event log says of a run: bytes shuffled and spilled, and tasks."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shuffled:
    """Sums over tasks that ended well; bytes."""

    written: int
    spilled: int
    tasks: int


def shuffled(folder: Path, begin: float, end: float) -> Shuffled:
    """Of the tasks that ended between two times (seconds since the epoch), in every event log below a folder.

    Source: Spark 4.2, org.apache.spark.util.JsonProtocol (SparkListenerTaskEnd).
    """
    written = spilled = tasks = 0
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        for line in file.open(encoding="utf-8", errors="replace"):
            if '"SparkListenerTaskEnd"' not in line:
                continue
            event = json.loads(line)
            metrics = event.get("Task Metrics")
            if metrics and begin <= event["Task Info"]["Finish Time"] / 1000 < end:
                written += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                spilled += metrics["Disk Bytes Spilled"]
                tasks += 1
    return Shuffled(written, spilled, tasks)
