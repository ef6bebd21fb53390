"""Lakes that are made under faults, and the same lakes made without."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import corpus
import lake_rows
import process_tree
import yaml


@dataclass(frozen=True)
class Work:
    """A configuration, the lake it starts from, and the lake it must end in."""

    name: str
    config: Path
    base: Path | None  # None: there is no lake yet
    expected: Path
    seconds: float  # that it takes undisturbed

    def start_lake(self, lake: Path) -> Path:
        """A lake to begin with."""
        if self.base is not None:
            shutil.copytree(self.base, lake)
        return lake

    def problems(self, lake: Path, last: process_tree.Tree) -> list[str]:
        """What is wrong with a lake after the run that finished it: nothing, if all is well."""
        found = list(lake_rows.differences(lake, self.expected))
        if last.process.returncode != 0:
            found.append(f"exit status {last.process.returncode}: {last.error} {last.said[-5:]}")
        if not any(event["event"] == "invariants" and event["held"] for event in last.events):
            found.append("no invariants were checked")
        if any((lake / "_staging").glob("*")):
            found.append("something is left in _staging")
        return found


def write_config(path: Path, lake: Path, *folders: Path) -> Path:
    """A configuration of all stages, with a source for each folder."""
    settings = corpus.config(str(lake), folders[0]).model_dump(mode="json", exclude_unset=True)
    settings["sources"] += [{"name": folder.name, "path": str(folder)} for folder in folders[1:]]
    path.write_text(yaml.safe_dump(settings))
    return path


def prepare(folder: Path, documents: int = 120) -> tuple[Work, Work]:
    """The first run of a lake, and a second one with more input; both are run here without faults."""
    first, more = corpus.make(folder / "corpus", documents), corpus.make(folder / "more", documents // 2, 80)
    alone = write_config(folder / "first.yaml", folder / "first", first)
    both = write_config(folder / "both.yaml", folder / "both", first, more)
    fresh = Work("fresh", alone, None, folder / "first", _run(alone, folder / "first"))
    shutil.copytree(folder / "first", folder / "both")
    return fresh, Work("incremental", both, folder / "first", folder / "both", _run(both, folder / "both"))


def _run(config: Path, lake: Path) -> float:
    started = time.monotonic()
    run = process_tree.start(config, "--lake", str(lake))
    assert run.wait() == 0, f"{run.error} {run.said[-20:]}"
    return time.monotonic() - started
