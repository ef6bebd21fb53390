"""Kills `tokenlake run` again and again, resumes it, and compares every finished lake row for row.

    PYTHONPATH=tests:. python tests/faults/kill_campaign.py --kills 50 --seed 1

Half of the kills come as soon as a commit's file is there, one for each table; the others at moments drawn uniformly
from the time an undisturbed run takes. Mostly the whole process tree is killed, sometimes only the command or one of
its workers.
Within one lake each resumed run is killed again, until one finishes before its kill; then the next lake begins.
"""

import argparse
import itertools
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import lake_rows
import process_tree
from fault_lakes import Work, prepare
from process_tree import Tree, Victim

TABLES = (
    "documents",
    "rejects",
    "inputs",
    "measures",
    "decisions",
    "signatures",
    "duplicates",
    "clean_documents",
    "tokens",
    "sequences_causal",
    "sequences_chunks",
    "runs",
)
VICTIMS: tuple[Victim, ...] = ("tree", "tree", "command", "tree", "worker")


@dataclass
class Tally:
    """What was done and found."""

    kills: list[tuple[str, str, str]] = field(default_factory=list)  # stage, victim, way
    lakes: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)

    def table(self) -> str:
        """A summary for people."""
        stages, ways = Counter(kill[0] for kill in self.kills), Counter(f"{kill[1]}, {kill[2]}" for kill in self.kills)
        lines = ["", "kills in each stage"] + [f"  {name:<30}{number:>6}" for name, number in stages.items()]
        lines += ["kills by victim and way"] + [f"  {name:<30}{number:>6}" for name, number in sorted(ways.items())]
        lines += [f"  {'all':<30}{len(self.kills):>6}"]
        lines += [f"lakes finished: {dict(self.lakes)}; runs resumed: {self.resumed}; rows compared: {self.rows:,}"]
        return "\n".join([*lines, f"problems: {len(self.problems)}", *self.problems])


def kill_at_commit(run: Tree, lake: Path, table: str, victim: Victim = "tree") -> bool:
    """Kills as soon as the table's next version is there; False when the run ended well before."""
    before = set((lake / table / "_delta_log").glob("*.json"))
    struck, ended = threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            if set((lake / table / "_delta_log").glob("*.json")) - before:
                struck.set()
                run.strike(victim)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    run.wait()
    ended.set()
    watcher.join()
    return struck.is_set() and run.process.returncode != 0


class Campaign:
    """A number of kills over as many lakes as they take."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random, self.tally = folder, Random(seed), Tally()
        self.works = prepare(folder)
        self.victims = itertools.cycle(VICTIMS)
        for work in self.works:
            print(
                f"{work.name}: {work.seconds:.0f} s undisturbed, {lake_rows.count(work.expected):,} rows", flush=True
            )

    def run(self, kills: int) -> Tally:
        """Half of the kills at commits, the rest at random moments."""
        for turn in itertools.count():
            if len(self.tally.kills) >= kills:
                break
            enough = 2 * sum(kill[2] == "commit" for kill in self.tally.kills) >= kills
            at_commits = turn % 4 in (0, 3) and not enough
            self._lake(self.works[turn % 2], list(TABLES) if at_commits else [], kills)
        return self.tally

    def _lake(self, work: Work, tables: list[str], kills: int) -> None:
        """One lake, from its start until a run finishes it."""
        lake = work.start_lake(self.folder / f"lake-{self.tally.lakes.total()}")
        by_commits, own = bool(tables), 0
        while True:
            victim = next(self.victims)  # of each attempt: a worker between two tasks is replaced, and nobody notices
            run = process_tree.start(work.config, "--lake", str(lake))
            started = time.monotonic()
            self.tally.resumed += own > 0
            if len(self.tally.kills) >= kills or (by_commits and not tables):
                killed = run.wait() and False
            elif by_commits:
                killed = kill_at_commit(run, lake, tables.pop(0), victim)
            else:
                killed = run.kill_after(self.random.uniform(0, work.seconds), victim)
            if not killed:
                break
            own += 1
            self._note(work, run, victim, "commit" if by_commits else "random", time.monotonic() - started)
        self._compare(work, lake, run)

    def _note(self, work: Work, run: Tree, victim: Victim, way: str, seconds: float) -> None:
        self.tally.kills.append((run.stage, victim, way))
        where = f"{work.name} lake {self.tally.lakes.total()}: {victim} after {seconds:.1f} s in {run.stage}"
        print(f"kill {len(self.tally.kills):>3}  {where} ({way}; last: {run.last})", flush=True)
        if victim == "worker" and run.process.returncode != 0 and "worker process " not in run.error:
            self.tally.problems.append(f"{where}: {run.error or run.said[-3:]}")

    def _compare(self, work: Work, lake: Path, run: Tree) -> None:
        problems = work.problems(lake, run)
        self.tally.rows += lake_rows.count(lake)
        self.tally.lakes[work.name] += 1
        self.tally.problems += [f"{lake}: {problem}" for problem in problems]
        print(f"{work.name} {lake.name}: {'; '.join(problems) or 'row for row as without faults'}", flush=True)
        if not problems:
            shutil.rmtree(lake)


def main() -> int:
    """The command line; status 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the lakes are made; kept when something differs")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="tokenlake-kills-"))
    folder.mkdir(parents=True, exist_ok=True)
    tally = Campaign(folder, options.seed).run(options.kills)
    print(tally.table())
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
