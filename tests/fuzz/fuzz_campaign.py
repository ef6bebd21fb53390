"""Runs cases in child processes that are watched: a crash or a hang costs one case, which is named and kept.

python tests/fuzz/fuzz_campaign.py --seconds 600           every target in turn, the one that had least time first
python tests/fuzz/fuzz_campaign.py --replay jsonl/17       one case again, in this process
"""

import argparse
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import case
from targets import AVAILABLE, TARGETS

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
START_SECONDS = 120.0
CASE_SECONDS = 120.0  # of the clock; `case.CPU_SECONDS` is the limit that a slow machine does not pass


@dataclass
class Row:
    """What one target came to."""

    cases: int = 0
    documents: int = 0
    rejects: int = 0
    bytes: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, outcome: case.Outcome) -> None:
        """Counts one case."""
        self.cases += 1
        self.documents += outcome.documents
        self.rejects += outcome.rejects
        self.bytes += outcome.bytes
        self.seconds += outcome.seconds
        if outcome.finding:
            self.findings.append(f"{outcome.name}: {outcome.finding}")


class Child:
    """A process that reads cases, started anew after each that it does not survive."""

    def __init__(self, program: Path = HERE / "child.py", case_seconds: float = CASE_SECONDS) -> None:
        self._program, self._case_seconds = program, case_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, name: str) -> case.Outcome:
        """The outcome of a case; a crash and a hang are findings."""
        process = self._started()
        assert process.stdin is not None
        process.stdin.write(f"{name}\n".encode())
        answer = self._answer(self._case_seconds)
        if answer:
            return case.Outcome(**json.loads(answer))
        status = process.poll()
        self.stop()
        what = "hangs" if status is None else f"ends the process with status {status}"
        return case.Outcome(name, 0, 0, 0, self._case_seconds, what)

    def stop(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(self._program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), str(HERE)])},
            )
            if self._answer(START_SECONDS) != b"ready\n":
                self.stop()
                raise RuntimeError(f"{self._program} does not start")
        return self._process

    def _answer(self, seconds: float) -> bytes:
        """One line; nothing when the process has ended, or says nothing for so long."""
        assert self._process is not None
        assert self._process.stdout is not None
        deadline, line = time.monotonic() + seconds, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return b""
                piece = self._process.stdout.read(1 << 16)
                if not piece:
                    self._process.wait(10)
                    return b""
                line += piece
        return line


class Campaign:
    """Cases of several targets, dealt out to several children."""

    def __init__(self, targets: Sequence[str], first: int, keep: Path) -> None:
        self.rows = {target: Row() for target in targets}
        self._next = dict.fromkeys(targets, first)
        self._given = dict.fromkeys(targets, 0.0)  # seconds; a case that runs counts a little
        self._keep, self._lock = keep, Lock()

    def run(self, children: int, seconds: float = float("inf"), cases: int | None = None) -> None:
        """Until the time is over, or each target has had its number of cases."""
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(children) as pool:
            for future in [pool.submit(self._work, deadline, cases) for _ in range(children)]:
                future.result()

    def _work(self, deadline: float, cases: int | None) -> None:
        child = Child()
        try:
            while time.monotonic() < deadline and (taken := self._take(cases)):
                outcome = child.run(f"{taken[0]}/{taken[1]}")
                self._count(taken[0], taken[1], outcome)
        finally:
            child.stop()

    def _take(self, cases: int | None) -> tuple[str, int] | None:
        with self._lock:
            left = [target for target, row in self.rows.items() if cases is None or row.cases < cases]
            if not left:
                return None
            target = min(left, key=lambda name: self._given[name])
            self._given[target] += 0.01
            number = self._next[target]
            self._next[target] += 1
            return target, number

    def _count(self, target: str, number: int, outcome: case.Outcome) -> None:
        with self._lock:
            self._given[target] += outcome.seconds
            self.rows[target].add(outcome)
        if outcome.finding:
            made = case.make(target, number)
            path = self._keep / f"{target}-{number}-{TARGETS[target].name}"
            path.write_bytes(made.content)
            print(
                f"{outcome.name} {list(made.mutations)} {made.options}: {outcome.finding}\n  kept: {path}", flush=True
            )


def table(rows: dict[str, Row]) -> str:
    """The rows and their sum, as text."""
    total = Row()
    lines = [f"{'target':<16}{'cases':>8}{'MB':>9}{'documents':>12}{'rejects':>10}{'CPU s':>8}{'findings':>10}"]
    for name, row in rows.items():
        lines.append(_line(name, row))
        total.cases, total.documents = total.cases + row.cases, total.documents + row.documents
        total.rejects, total.bytes = total.rejects + row.rejects, total.bytes + row.bytes
        total.seconds += row.seconds
        total.findings += row.findings
    return "\n".join([*lines, _line("all", total)])


def _line(name: str, row: Row) -> str:
    sizes = f"{row.cases:>8,}{row.bytes / 1e6:>9,.1f}{row.documents:>12,}{row.rejects:>10,}"
    return f"{name:<16}{sizes}{row.seconds:>8.1f}{len(row.findings):>10}"


def main() -> int:
    """The command line; status 1 when there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="number of the first case of every target")
    parser.add_argument("--target", action="append", choices=AVAILABLE, help="only this one (may be repeated)")
    parser.add_argument("--keep", type=Path, help="folder for the files of findings")
    parser.add_argument("--replay", metavar="TARGET/NUMBER", help="one case again, in this process")
    options = parser.parse_args()
    if options.replay:
        target, _, number = options.replay.rpartition("/")
        outcome = case.run(case.make(target, int(number)))
        print(outcome)
        return 1 if outcome.finding else 0
    keep = options.keep or Path(tempfile.mkdtemp(prefix="fuzz-findings-"))
    keep.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(options.target or AVAILABLE, options.first, keep)
    campaign.run(options.children, options.seconds)
    print(table(campaign.rows))
    return 1 if any(row.findings for row in campaign.rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
