"""Progress and events of a running command: for a terminal, or as JSON lines for a log collector."""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:  # `--help` and a bad configuration need no engine
    from jobs.engine.base import TaskProgress


ENGINE_LINES_HELD = 2000  # the newest lines of the engine's output that are kept
ENGINE_LINES_SHOWN = 12  # of these, when nothing else explains a failure


class Reporter:
    """Reports events: with a progress bar on a terminal, as text elsewhere, as JSON lines with `log_json`.

    Args:
        log_json: one JSON object per event, nothing else.
        stream: default: standard error.
        hold_engine_output: shows the engine's own output only on `show_engine_output`.
    """

    def __init__(self, log_json: bool = False, stream: TextIO | None = None, hold_engine_output: bool = False) -> None:
        self.log_json = log_json
        self._held: deque[str] | None = (
            deque(maxlen=ENGINE_LINES_HELD) if hold_engine_output and not log_json else None
        )
        self.stream = stream or sys.stderr
        self.console = Console(file=self.stream, highlight=False, soft_wrap=not self.stream.isatty())

    def event(self, name: str, message: str = "", /, **fields: object) -> None:
        """Reports an event: `message` as text, or all of it as JSON."""
        if self.log_json:
            self.stream.write(self.line(name, message, **fields) + "\n")  # whole, whichever thread writes
            self.stream.flush()
        elif message:
            self.console.print(message, markup=False)

    def line(self, name: str, message: str = "", /, **fields: object) -> str:
        """The line of an event, without reporting it."""
        if not self.log_json:
            return message
        said = {"message": message.strip()} if message and message not in fields.values() else {}
        return json.dumps({"time": round(time.time(), 3), "event": name, **said, **fields}, default=str)

    def engine_output(self, line: str) -> None:
        """Takes a line that the engine wrote, such as a task's error: reported now, or held."""
        if self._held is None:
            self.event("engine", line, line=line)
        else:
            self._held.append(line)

    def show_engine_output(self) -> None:
        """Reports the last lines that the engine wrote, without stack traces: for failures with no known cause."""
        from jobs.failures import without_frames

        held, self._held = self._held or (), None
        for line in without_frames(list(held))[-ENGINE_LINES_SHOWN:]:
            self.event("engine", line, line=line)

    @contextmanager
    def stage(self, name: str, progress: "Callable[[], TaskProgress]") -> Iterator[None]:
        """Shows the progress of a stage's tasks while the block runs, and its duration in seconds at the end."""
        started = time.perf_counter()
        self.event("stage_started", stage=name)
        try:
            if self.log_json or not self.stream.isatty():
                yield
            else:
                with self._bar(name, progress):
                    yield
        except BaseException as error:
            seconds = round(time.perf_counter() - started, 2)
            self.event("stage_failed", stage=name, seconds=seconds, error=str(error))
            raise
        seconds = round(time.perf_counter() - started, 2)
        self.event("stage_finished", f"  {name:<10} {seconds:7.1f} s", stage=name, seconds=seconds)

    @contextmanager
    def counted(self, name: str, unit: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Shows how many things are done while the block runs, on a terminal; the block calls what it is given with
        each further number. `total` is None where nobody knows it."""
        if self.log_json or not self.stream.isatty():
            yield lambda number: None
            return
        columns = (
            SpinnerColumn(),
            TextColumn(name),
            BarColumn(),
            TextColumn(f"{{task.completed:,.0f}}{'' if total is None else f'/{total:,}'} {unit}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task(name, total=total)
            yield lambda number: progress.advance(bar, number)

    @contextmanager
    def _bar(self, name: str, tasks: "Callable[[], TaskProgress]") -> Iterator[None]:
        columns = (
            SpinnerColumn(),
            TextColumn(f"{name:<10}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} tasks"),
            TimeElapsedColumn(),
        )
        done = threading.Event()
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task(name, total=0)
            watcher = threading.Thread(target=_watch, args=(tasks, progress, bar, done), daemon=True)
            watcher.start()
            try:
                yield
            finally:
                done.set()
                watcher.join(timeout=2)


def _watch(tasks: "Callable[[], TaskProgress]", progress: Progress, bar: TaskID, done: threading.Event) -> None:
    """Polls the engine. The tasks of this stage are those added since the stage began."""
    before = tasks()
    while not done.wait(0.3):
        now = tasks()
        progress.update(bar, total=now.known - before.known, completed=now.ended - before.ended)
