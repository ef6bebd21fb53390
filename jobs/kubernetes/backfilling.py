"""Runs for many days, a few at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from jobs.kubernetes.application_runs import Run, runs
from jobs.kubernetes.cluster import Cluster
from jobs.kubernetes.days import Day
from jobs.kubernetes.following import PAUSE, Follower
from jobs.kubernetes.lateness import duration
from jobs.kubernetes.schedules import Schedule
from jobs.kubernetes.stamping import stamp


@dataclass(frozen=True)
class Outcome:
    """How a day ended."""

    day: date
    state: str  # done, failed, deleted, skipped, not started
    why: str = ""
    run: str = ""


class Backfill:
    """Runs of one job for the days of a plan.

    Args:
        cluster: where the schedule is.
        schedule: that the runs are stamped from.
        parallel: runs at a time.
        keep_going: also start days after one has failed.
        say: takes a line about a run.
        log: takes the lines of the drivers' logs; None to leave the logs alone.
    """

    def __init__(
        self,
        cluster: Cluster,
        schedule: Schedule,
        parallel: int,
        keep_going: bool,
        say: Callable[[str], None],
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._cluster, self._schedule = cluster, schedule
        self._parallel, self._keep_going = parallel, keep_going
        self._say, self._log = say, log
        self.active: dict[str, date] = {}  # run -> its day

    def carry_out(self, plan: Sequence[Day]) -> list[Outcome]:
        """Starts what the plan says, waits until all that was started has ended, and says how each day ended.

        Raises:
            ClusterError: the cluster cannot be reached, or refuses a run.
        """
        found = {each.day: Outcome(each.day, "skipped", each.why) for each in plan if each.action == "skip"}
        self.active = {each.run: each.day for each in plan if each.run}
        waiting = deque(each for each in plan if each.action == "run")
        while waiting or self.active:
            while waiting and len(self.active) < self._parallel:
                self._start(waiting.popleft())
            ended = self._ended()
            found |= {each.day: each for each in ended}
            if not self._keep_going and any(each.state != "done" for each in ended):
                found |= {each.day: Outcome(each.day, "not started", "a day before failed") for each in waiting}
                waiting.clear()
        return [found[each.day] for each in plan]

    def _start(self, day: Day) -> None:
        manifest = stamp(self._schedule, datetime.now(UTC), "backfill", day.day)
        name = self._cluster.create(manifest)["metadata"]["name"]
        self.active[name] = day.day
        self._say(f"{datetime.now(UTC):%H:%M:%S} {day.day}: created {name}")

    def _ended(self) -> list[Outcome]:
        """The runs that have ended since the last look; waits until there is something to see."""
        if self._log is not None:
            name = next(iter(self.active))
            run = Follower(self._cluster, name, self._say, self._log).to_the_end()
            return [self._outcome(run, name)]
        time.sleep(PAUSE)
        known = {each.name: each for each in runs(self._cluster, self._schedule.job)}
        gone_or_ended = [name for name in self.active if name not in known or not known[name].is_active]
        return self._told(self._outcome(known.get(name), name) for name in gone_or_ended)

    def _outcome(self, run: Run | None, name: str) -> Outcome:
        day = self.active.pop(name)
        if run is None:
            return Outcome(day, "deleted", "somebody deleted the run", name)
        return Outcome(day, run.state, f"in {duration(run.ended - run.created)}" if run.ended else "", name)

    def _told(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        found = list(outcomes)
        for each in found:
            self._say(f"{datetime.now(UTC):%H:%M:%S} {each.day}: {each.state} {each.why}".rstrip())
        return found
