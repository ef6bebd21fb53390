"""What a benchmark gives: rows of our figure beside a peer's, and the Markdown that shows them."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.process import REPOSITORY


@dataclass(frozen=True)
class Row:
    """One line of a table. `ours` and `peer` are in `unit`; the ratio says how many times better ours is."""

    what: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    goal: float | None = None  # least ratio; without a peer: the largest value of `ours`
    lower_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        if not self.peer:
            return None
        return self.peer / self.ours if self.lower_is_better else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.ratio is not None else self.ours <= self.goal

    def cells(self) -> list[str]:
        """The row of the Markdown table."""
        sign = "≥" if self.ratio is not None else "≤"
        goal = "" if self.goal is None else f"{sign} {self.goal:g}" + ("×" if self.ratio is not None else "")
        peer = "" if self.peer is None else f"{_number(self.peer)} ({self.peer_name})"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}×"
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return [self.what, f"{_number(self.ours)} {self.unit}", peer, ratio, goal, met]


OURS = ("pyspark", "delta-spark")
HEADINGS = ("what", "ours", "peer", "ratio", "goal", "met")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


@dataclass(frozen=True)
class Outcome:
    """A benchmark that ran: its rows, and under which circumstances."""

    name: str
    title: str
    about: str
    rows: tuple[Row, ...]
    versions: Mapping[str, str]
    when: str
    commit: str
    hardware: str
    seconds: float

    def markdown(self) -> str:
        """Heading, what the figures include, the table, the circumstances."""
        versions = ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))
        lines = [f"### {self.title}", "", self.about, "", *_table(self.rows), ""]
        lines += [f"{self.when}, commit {self.commit}, {self.hardware}; {versions}"]
        return "\n".join(lines)


def _table(rows: Sequence[Row]) -> list[str]:
    body = [HEADINGS, ["---"] * len(HEADINGS), *(row.cells() for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in body]


def outcome(
    name: str, function: Callable[..., Any], rows: Sequence[Row], versions: Mapping[str, str], seconds: float
) -> Outcome:
    """An outcome of now, here; title and explanation are the function's docstring."""
    title, _, about = (function.__doc__ or name).strip().partition("\n")
    return Outcome(
        name=name,
        title=title.rstrip("."),
        about=" ".join(about.split()),
        rows=tuple(rows),
        versions={**{package: version(package) for package in OURS}, **versions},
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        commit=_commit(),
        hardware=_hardware(),
        seconds=seconds,
    )


def _commit() -> str:
    """Short hash of the code that ran, with `+` when files differ from it."""
    git = ["git", "-C", str(REPOSITORY)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = [*git, "status", "--porcelain", "pipelines", "jobs", "benchmarks"]
    return (head or "unknown") + ("+" if subprocess.run(changed, capture_output=True).stdout else "")


def _hardware() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {model or platform.machine()}, {memory:.0f} GB"


def save(folder: Path, profile: str, found: Sequence[Outcome]) -> Path:
    """Keeps outcomes, each in place of an older one of the same benchmark; the file."""
    file = folder / f"{profile}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {entry["name"]: entry for entry in json.loads(file.read_text())} if file.exists() else {}
    kept |= {entry.name: asdict(entry) for entry in found}
    file.write_text(json.dumps(list(kept.values()), indent=1, ensure_ascii=False) + "\n")
    return file


def load(file: Path) -> list[Outcome]:
    """What `save` kept."""
    entries = json.loads(file.read_text())
    return [Outcome(**{**entry, "rows": tuple(Row(**row) for row in entry["rows"])}) for entry in entries]


def write(document: Path, profile: str, text: str) -> None:
    """Puts text between the profile's markers in a Markdown file.

    Raises:
        ValueError: the file has no such markers.
    """
    begin, end = f"<!-- {profile}: begin -->", f"<!-- {profile}: end -->"
    page = document.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        raise ValueError(f"{document}: the markers {begin} and {end} are missing")
    before, _, rest = page.partition(begin)
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")
