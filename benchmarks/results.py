"""What a benchmark gives: whole commands, figures beside a peer, goals; and the Markdown of all of them."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
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


@dataclass(frozen=True)
class Run:
    """One whole command among those that do the same: ours on each engine, and the peers."""

    group: str  # of commands with the same input: "5,000 pages"
    who: str
    seconds: float  # wall
    cpu_seconds: float  # of the whole process tree
    peak_mb: float  # of the whole process tree, PSS
    rows_in: int
    rows_out: int
    inner: float | None = None  # seconds of the work alone, as the command itself counts them
    ours: bool = False

    @property
    def cores(self) -> float:
        """Cores in use, on average."""
        return self.cpu_seconds / self.seconds

    def cells(self, base: "Run | None") -> list[str]:
        """The row of the Markdown table; `base` is the run of ours that the others are compared with."""
        inner = "" if self.inner is None else _number(self.inner)
        peak = f"{self.peak_mb / 1024:.2f}"
        ratio = "" if base is None or base is self else f"{self.seconds / base.seconds:.2f}×"
        figures = [_number(self.seconds), inner, _number(self.cpu_seconds), f"{self.cores:.2f}", peak]
        return [self.group, self.who, *figures, f"{self.rows_in:,}", f"{self.rows_out:,}", ratio]


@dataclass(frozen=True)
class Goal:
    """A figure that the project wants to reach, and what was measured on one engine."""

    what: str
    engine: str
    measured: float
    unit: str
    least: float | None = None
    most: float | None = None
    aim: float | None = None

    @property
    def met(self) -> bool:
        """Whether the measured figure is within the bounds."""
        return (self.least is None or self.measured >= self.least) and (
            self.most is None or self.measured <= self.most
        )

    def cells(self) -> list[str]:
        """The row of the Markdown table."""
        sign, bound = ("≥", self.least) if self.most is None else ("≤", self.most)
        unit = self.unit if self.unit == "×" else f" {self.unit}"
        goal = f"{sign} {bound:g}{unit}" + ("" if self.aim is None else f" (aim {self.aim:g})")
        return [self.what, goal, self.engine, f"{_number(self.measured)}{unit}", "yes" if self.met else "**no**"]


@dataclass
class Found:
    """What one benchmark found."""

    rows: list[Row] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


OURS = ("pysail", "pyspark", "deltalake")
HEADINGS = ("what", "ours", "peer", "ratio", "goal", "met")
RUN_HEADINGS = ("input", "command", "wall s", "work s", "CPU s", "cores", "peak GB", "in", "out", "wall, of ours")
GOAL_HEADINGS = ("what", "goal", "engine", "measured", "met")


def goals_table(found: "Sequence[Outcome]") -> str:
    """The goals of all benchmarks that ran; "" when none has any."""
    goals = [goal.cells() for outcome in found for goal in outcome.goals]
    return "\n".join(_table(GOAL_HEADINGS, goals)) if goals else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


@dataclass(frozen=True)
class Outcome:
    """A benchmark that ran: its rows, and under which circumstances."""

    name: str
    title: str
    about: str
    rows: tuple[Row, ...]
    runs: tuple[Run, ...]
    goals: tuple[Goal, ...]
    versions: Mapping[str, str]
    when: str
    commit: str
    hardware: str
    seconds: float

    def markdown(self) -> str:
        """Heading, what the figures include, the table, the circumstances."""
        versions = ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))
        lines = [f"### {self.title}", "", self.about, ""]
        if self.runs:
            lines += [*_table(RUN_HEADINGS, [run.cells(_base(run, self.runs)) for run in self.runs]), ""]
        if self.rows:
            lines += [*_table(HEADINGS, [row.cells() for row in self.rows]), ""]
        lines += [f"{self.when}, commit {self.commit}, {self.hardware}; {versions}"]
        return "\n".join(lines)


def _base(run: Run, runs: Sequence[Run]) -> Run | None:
    """The first run of ours on the same input."""
    return next((other for other in runs if other.ours and other.group == run.group), None)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows)]


def outcome(name: str, function: Callable[..., Any], found: Found, seconds: float) -> Outcome:
    """An outcome of now, here; title and explanation are the function's docstring."""
    title, _, about = (function.__doc__ or name).strip().partition("\n")
    return Outcome(
        name=name,
        title=title.rstrip("."),
        about=" ".join(about.split()),
        rows=tuple(found.rows),
        runs=tuple(found.runs),
        goals=tuple(found.goals),
        versions={**_our_versions(), **found.versions},
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        commit=_commit(),
        hardware=_hardware(),
        seconds=seconds,
    )


def circumstances() -> str:
    """Day, commit and machine, as all tables name them."""
    return f"{datetime.now(UTC).strftime('%Y-%m-%d')}, commit {_commit()}, {_hardware()}"


def commit_and_hardware() -> tuple[str, str]:
    """The code that runs, and the machine."""
    return _commit(), _hardware()


def _our_versions() -> dict[str, str]:
    """Of our engines, as far as they are installed."""
    found = {}
    for package in OURS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


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
    return [_outcome(entry) for entry in entries]


def _outcome(entry: dict[str, Any]) -> Outcome:
    kinds = {"rows": Row, "runs": Run, "goals": Goal}
    parts = {name: tuple(kind(**row) for row in entry.get(name, ())) for name, kind in kinds.items()}
    return Outcome(**{**entry, **parts})


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
