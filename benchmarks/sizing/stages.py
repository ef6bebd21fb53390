"""Runs the stages of a configuration one after the other and says what each took.

    python -m benchmarks.sizing.stages CONFIG ENGINE LOCAL

prints {stage: {cpu_seconds, seconds, begin, end, peak_mb, staged_bytes, local_bytes}} as its last line. LOCAL is
Spark's local folder. The first stage includes the start of Python and the engine.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.sizing.folders import Folders
from benchmarks.sizing.roles import Roles, cpu_seconds
from jobs.arguments import STAGES
from jobs.config import RunConfig
from jobs.engine.choice import Settings, choose, make
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.turn import turn
from jobs.yaml_config import load


def main(file: str, engine: str, local: str) -> None:
    """Runs everything in this process, which is the driver.

    Raises:
        RuntimeError: a stage did not end with status 0.
    """
    config = load(Path(file), RunConfig)
    settings = Settings(spark=config.spark, profile=config.profile, stages=STAGES, lake=config.lake)
    made = make(choose(engine, config.engine), settings)
    found: dict[str, dict[str, Any]] = {}
    cpu, begin = 0.0, time.time()
    watched = {"staged": Path(config.lake) / "_staging", "local": Path(local)}
    with turn(config.lake, None, 0, Reporter()), Roles() as roles, Folders(watched) as folders:
        for stage in STAGES:
            if status := run_stages(made, config, Reporter(), [stage], conclude=False):
                raise RuntimeError(f"{file}: stage {stage} ended with status {status}")
            used = cpu_seconds() - roles.cpu_seconds - folders.cpu_seconds
            end, grown = time.time(), folders.take()
            found[stage] = {
                "cpu_seconds": round(used - cpu, 2),
                "seconds": round(end - begin, 2),
                "begin": begin,
                "end": end,
                "peak_mb": roles.take(),
                "staged_bytes": grown["staged"],
                "local_bytes": grown["local"],
            }
            cpu, begin = used, end
    made.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
