"""Following a run to its end: its states as they change, what hinders it, and the log of its driver."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jobs.kubernetes.application_runs import Run
from jobs.kubernetes.cluster import RUNS, Cluster
from jobs.kubernetes.cluster_errors import ClusterError
from jobs.kubernetes.driver_log import readable
from jobs.kubernetes.hindrances import DRIVER, driver_log, hindrances, look
from jobs.kubernetes.lateness import duration
from pipelines.errors import TokenlakeError

PAUSE = 2.0
"""Seconds between two looks at a run."""

_LOOK_CLOSER = 5  # looks at a run that stands still, after which its surroundings are asked for the reason


class GoneError(TokenlakeError, RuntimeError):
    """The run was deleted meanwhile."""


class StillAtWorkError(TokenlakeError, RuntimeError):
    """The run has not ended in the time that was given."""


@dataclass
class Follower:
    """Follows one run.

    Args:
        cluster: where it is.
        name: of the run.
        say: takes a line about the run.
        log: takes a line of its driver's log; None to leave the log alone.
        until: the time, on the monotonic clock, at which to stop; None for never.
        as_written: whether events in the log stay JSON objects.
    """

    cluster: Cluster
    name: str
    say: Callable[[str], None]
    log: Callable[[str], None] | None = None
    until: float | None = None
    as_written: bool = False
    _said: str = field(default="", init=False)
    _looks: int = field(default=0, init=False)
    _once_said: set[str] = field(default_factory=set, init=False)
    _logged: set[tuple[str, int]] = field(default_factory=set, init=False)

    def to_the_end(self) -> Run:
        """Waits until the run ends, and returns it.

        Raises:
            GoneError: somebody deleted it.
            StillAtWorkError: it has not ended in time; it goes on.
            ClusterError: the cluster cannot be reached.
        """
        while True:
            run = self._look()
            if not run.is_active:
                self._tell(run)
                return run
            if self.until is not None and time.monotonic() >= self.until:
                raise StillAtWorkError(f"{self.name} has not ended in time; it goes on: {self._again()}")
            if self.log is None or not self._follow_log(run):
                time.sleep(PAUSE)

    def _look(self) -> Run:
        found = self.cluster.find(RUNS, self.name)
        if found is None:
            raise GoneError(f"{self.name} was deleted before it ended")
        run = Run(found)
        self._looks += 1
        if run.is_active:
            self._tell(run)
        return run

    def _tell(self, run: Run) -> None:
        attempt = f", attempt {run.attempts}" if run.attempts > 1 else ""
        text = f"{run.state}{attempt}"
        if text != self._said:
            took = f" after {duration(run.ended - run.created)}" if run.ended else ""
            self.say(f"{datetime.now(UTC):%H:%M:%S} {self.name}: {text}{took}")
            self._said, self._looks = text, 0
        stuck = run.is_active and self._looks % _LOOK_CLOSER == _LOOK_CLOSER - 1
        if run.is_failed or stuck or run.state == "not submitted":
            for said in hindrances(run, look(self.cluster), datetime.now(UTC), driver_log(self.cluster, run)):
                self._once(said)

    def _once(self, sentence: str) -> None:
        if sentence not in self._once_said:
            self._once_said.add(sentence)
            self.say(f"         {sentence}")

    def _follow_log(self, run: Run) -> bool:
        """Passes on the log of the driver of this attempt, once, until it ends; False if there is none to read yet."""
        key = (run.driver_pod, run.attempts)
        if self.log is None or run.state != "running" or key in self._logged:
            return False
        try:
            with self.cluster.stream(run.driver_pod, DRIVER) as lines:
                for line in lines if self.as_written else readable(lines):
                    self.log(line)
                    if self.until is not None and time.monotonic() >= self.until:
                        break
        except ClusterError as error:
            self._once(f"its log cannot be read: {error}")
        self._logged.add(key)
        return True

    def _again(self) -> str:
        return f"tokenlake k8s logs {self.name} --follow"
