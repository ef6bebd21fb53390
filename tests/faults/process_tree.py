"""`tokenlake` as a tree of real processes that can be killed: the command, its workers and their template."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

PROJECT = Path(__file__).resolve().parents[2]
Event = Mapping[str, Any]
Victim = Literal["tree", "command", "worker"]


@dataclass
class Tree:
    """A command in a session of its own, so that every process it started can be found, orphans too."""

    process: "subprocess.Popen[str]"
    events: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # lines on standard error that are no events

    def watch(self, stop: Callable[[Event], bool] = lambda event: False) -> Event | None:
        """Reads events until `stop` says so, or the command ends (then None)."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            event = _event(line)
            if event is None:
                self.said.append(line.rstrip())
                continue
            self.events.append(event)
            if stop(event):
                return event
        return None

    def wait(self) -> int:
        """The exit status, after everything that it said has been read."""
        self.watch()
        return self.process.wait()

    def processes(self) -> list[psutil.Process]:
        """All processes of the command's session, also those whose parent has died."""
        own = [each for each in psutil.process_iter() if _session(each) == self.process.pid]
        return [each for each in own if not _has_ended(each)]

    def kill(self, victim: Victim = "tree") -> None:
        """SIGKILL to the whole `tree`, to the `command` or to one `worker`; returns when the command has ended."""
        self.strike(victim)
        self.wait()

    def kill_after(self, seconds: float, victim: Victim = "tree") -> bool:
        """Kills after so many seconds; False when the command ended well before."""
        struck = threading.Event()

        def strike() -> None:
            struck.set()
            self.strike(victim)

        timer = threading.Timer(seconds, strike)
        timer.start()
        self.wait()
        timer.cancel()
        timer.join()
        return struck.is_set() and self.process.returncode != 0

    def strike(self, victim: Victim) -> bool:
        """SIGKILL, without waiting for what comes of it; False when there was nobody to kill."""
        struck = False
        while hit := [each for each in self.processes() if _is_victim(each, victim, self.process.pid)]:
            struck = True
            for each in hit[:1] if victim == "worker" else hit:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            if victim != "tree":
                break
            time.sleep(0.02)  # what was being started meanwhile is hit next
        return struck

    @property
    def stage(self) -> str:
        """The stage that runs, or ran last."""
        return next((e["stage"] for e in reversed(self.events) if e["event"] == "stage_started"), "start")

    @property
    def last(self) -> str:
        """The last thing that it told."""
        event = next((e for e in reversed(self.events) if e["event"] not in ("error", "stage_failed")), {})
        return " ".join(str(event[key]) for key in ("event", "table", "stage") if key in event)

    @property
    def error(self) -> str:
        """The message of its error; empty when it told none."""
        return next((str(event["error"]) for event in reversed(self.events) if event["event"] == "error"), "")


def start(
    config: Path,
    *arguments: str,
    before: Sequence[str] = (),
    json_log: bool = True,
    program: Sequence[str] = ("-m", "jobs"),
    command: Sequence[str] = ("run",),
) -> Tree:
    """`tokenlake COMMAND CONFIG ARGUMENTS` in a session of its own. `before` is put before it: `prlimit ...`."""
    whole = [*before, sys.executable, *program, *command, str(config), *arguments]
    process = subprocess.Popen(
        [*whole, "--log-json"] if json_log else whole,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        start_new_session=True,
    )
    return Tree(process)


def _event(line: str) -> Event | None:
    with suppress(ValueError):
        found = json.loads(line) if line.startswith("{") else None
        return found if isinstance(found, dict) and "event" in found else None
    return None


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return -1


def _has_ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True


def _is_victim(process: psutil.Process, victim: Victim, command: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        if victim == "worker":
            return _generation(process, command) == 2  # the command's child is the template, which forks the workers
        return victim == "tree" or process.pid == command
    return False


def _generation(process: psutil.Process, command: int) -> int:
    """How many processes stand between; -1 for a process that does not come of the command."""
    above = [each.pid for each in process.parents()]
    return above.index(command) + 1 if command in above else -1
