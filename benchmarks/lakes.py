"""`tokenlake` commands on lakes made for a benchmark, each in a process of its own, engine and all."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from deltalake import DeltaTable

from benchmarks.process import REPOSITORY, Finished, run

# What `--engine` may be given, and `default`: the option is left out.
ENGINES = ("sail", "spark", "default")

# The four rule sets on documents of any language, as the peer's filters see them.
RULES = ("gopher_repetition", "gopher_quality", "c4", "fineweb")


@dataclass(frozen=True)
class Command:
    """What one command took: the whole of it, its session's start, and each stage, in seconds."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    session: float
    stages: Mapping[str, float]

    @property
    def around(self) -> float:
        """Seconds before the session, between the stages and after them: Python's start, the run's records."""
        return self.seconds - self.session - sum(self.stages.values())


@dataclass(frozen=True)
class Lake:
    """A lake, the configuration file beside it, and the engine that its commands run on."""

    root: Path
    cores: int
    engine: str

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
        return self.again()

    def again(self) -> Command:
        """`tokenlake run` on the lake as it is."""
        return self._execute("run", self._config)

    def example(self, name: str) -> Command:
        """`tokenlake run examples/NAME`, into this lake, which is not there yet."""
        shutil.rmtree(self.root, ignore_errors=True)
        return self._execute("run", REPOSITORY / "examples" / name, "--lake", self.root)

    def stage(self, name: str) -> Command:
        """`tokenlake stage NAME`."""
        return self._execute("stage", name, self._config)

    def _execute(self, *words: object) -> Command:
        engine = [] if self.engine == "default" else ["--engine", self.engine]
        command = [sys.executable, "-m", "jobs", *words, *engine, "--log-json"]
        return _command(run(command, self.cores, {"TOKENLAKE_MASTER": f"local[{self.cores}]"}))

    def copy(self, name: str, engine: str | None = None) -> "Lake":
        """The same tables under another name, without a configuration; for another engine if one is named."""
        target = self.root.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.root, target)
        return Lake(target, self.cores, engine or self.engine)

    def table(self, name: str, *columns: str) -> pa.Table:
        """Some columns of a table's newest version."""
        return DeltaTable(self.root / name).to_pyarrow_table(columns=list(columns))

    def rows(self, name: str) -> int:
        """Rows of a table's newest version."""
        return DeltaTable(self.root / name).to_pyarrow_dataset().count_rows()

    def texts(self, folder: Path, parts: int) -> int:
        """Writes `clean_documents` as JSON lines in `parts` files for peers that read no Delta; their number."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rows = self.table("clean_documents", "doc_id", "text").to_pylist()
        for part in range(parts):
            lines = (json.dumps({"id": row["doc_id"], "text": row["text"]}) for row in rows[part::parts])
            (folder / f"part-{part:05d}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        return len(rows)


def _command(finished: Finished) -> Command:
    events = finished.events()
    return Command(
        seconds=finished.seconds,
        cpu_seconds=finished.cpu_seconds,
        peak_mb=finished.peak_mb,
        session=sum(event["seconds"] for event in events if event["event"] == "ready"),
        stages={event["stage"]: event["seconds"] for event in events if event["event"] == "stage_finished"},
    )


def policy(folder: Path, *rule_sets: str, **rules: Any) -> str:
    """A policy file with FineWeb's thresholds for some rule sets, and its passes that rewrite; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{'-'.join(rule_sets)}.yaml"
    passes = ["c4_lines", "repair", "pii"]
    chosen = {"name": "benchmark", "order": list(rule_sets), "rules": rules, "rewrite": passes}
    file.write_text(yaml.safe_dump(chosen))
    return str(file)
