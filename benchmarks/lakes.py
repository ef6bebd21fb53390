"""`tokenlake` commands on lakes made for a benchmark, each in a process of its own, JVM and all."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import yaml

from benchmarks.process import Finished, run

# The four rule sets on documents of any language, as the peer's filters see them.
RULES = ("gopher_repetition", "gopher_quality", "c4", "fineweb")


@dataclass(frozen=True)
class Command:
    """What one command took: the whole of it, its session's start, and each stage, in seconds."""

    seconds: float
    cpu_seconds: float
    worker_peak_mb: float
    session: float
    stages: Mapping[str, float]

    @property
    def around(self) -> float:
        """Seconds before the session, between the stages and after them: Python's start, the run's records."""
        return self.seconds - self.session - sum(self.stages.values())


@dataclass(frozen=True)
class Lake:
    """A lake and the configuration file beside it."""

    root: Path
    cores: int

    def configure(self, **sections: Any) -> "Lake":
        """Writes the configuration; sections as of `jobs.config.RunConfig`."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(yaml.safe_dump({"lake": str(self.root), **sections}, sort_keys=False))
        return self

    @property
    def _config(self) -> Path:
        return self.root.with_suffix(".yaml")

    def run(self) -> Command:
        """`tokenlake run` on a lake that is not there yet."""
        shutil.rmtree(self.root, ignore_errors=True)
        return self._execute(["run", str(self._config)])

    def stage(self, name: str) -> Command:
        """`tokenlake stage NAME`."""
        return self._execute(["stage", name, str(self._config)])

    def _execute(self, words: Sequence[str]) -> Command:
        command = [sys.executable, "-m", "jobs", *words, "--log-json"]
        return _command(run(command, self.cores, {"TOKENLAKE_MASTER": f"local[{self.cores}]"}))

    def copy(self, name: str) -> "Lake":
        """The same tables under another name, without a configuration."""
        target = self.root.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.root, target)
        return Lake(target, self.cores)

    def table(self, name: str, *columns: str) -> ds.Scanner:
        """The rows of a table that was committed once: all of its files."""
        return ds.dataset(self.root / name, format="parquet", partitioning="hive").scanner(columns=list(columns))

    def texts(self, folder: Path, parts: int) -> int:
        """Writes `clean_documents` as JSON lines in `parts` files for peers that read no Delta; their number."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rows = self.table("clean_documents", "doc_id", "text").to_table().to_pylist()
        for part in range(parts):
            lines = (json.dumps({"id": row["doc_id"], "text": row["text"]}) for row in rows[part::parts])
            (folder / f"part-{part:05d}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        return len(rows)


def _command(finished: Finished) -> Command:
    events = finished.events()
    return Command(
        seconds=finished.seconds,
        cpu_seconds=finished.cpu_seconds,
        worker_peak_mb=finished.worker_peak_mb,
        session=sum(event["seconds"] for event in events if event["event"] == "ready"),
        stages={event["stage"]: event["seconds"] for event in events if event["event"] == "stage_finished"},
    )


def policy(folder: Path, *rule_sets: str, **rules: Any) -> str:
    """A policy file with FineWeb's thresholds for some rule sets; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{'-'.join(rule_sets)}.yaml"
    file.write_text(yaml.safe_dump({"name": "benchmark", "order": list(rule_sets), "rules": rules}))
    return str(file)
