"""Whose turn it is on a lake: jobs that start at about the same time run one after the other, in their order.

A job waits while another run is at work, and while a stage before its own has not processed what is there. So a chain
of jobs needs no scheduler that knows their dependencies: the lake tells.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from jobs.arguments import ALL_STAGES
from jobs.progress import Reporter
from lake.lake import Lake
from lake.lock import LakeBusyError, exclusive, is_free
from pipelines.errors import TokenlakeError
from pipelines.tables import PACKED

T = TypeVar("T")

PAUSE = 5.0
"""Seconds between two looks at the lake."""

_TABLES = {
    "ingest": ("documents",),
    "clean": ("measures", "decisions"),  # `contamination` stays behind where it was switched off
    "dedup": ("signatures", "duplicates", "passages", "passage_decisions", "clean_documents"),
    "tokenize": ("tokens",),
}


class NotReadyError(TokenlakeError, RuntimeError):
    """A stage before this one has not processed what is there."""


@contextmanager
def turn(lake: str, stage: str | None, minutes: float, reporter: Reporter) -> Iterator[None]:
    """Holds the lock of a lake for the block, once it is the turn of a stage.

    Args:
        lake: folder or URI.
        stage: of `ALL_STAGES`; None for a run of all stages, which waits for other runs only.
        minutes: how long to wait; 0 asks for the lock once, and looks at no other stage.
        reporter: says what the run waits for.

    Raises:
        LakeBusyError: another run is still at work after that time.
        NotReadyError: a stage before still has work after that time.
    """

    def take() -> ExitStack:
        with ExitStack() as stack:
            stack.enter_context(exclusive(lake))
            if minutes and stage is not None:
                _require_ready(lake, stage, stage)
            return stack.pop_all()

    with _patient(take, minutes, reporter):
        yield


def await_turn(lake: str, minutes: float, reporter: Reporter) -> None:
    """Waits until no run is at work on a lake and no stage has work: for commands that hold no lock.

    Raises:
        LakeBusyError, NotReadyError: as `turn`.
    """

    def look() -> None:
        if not is_free(lake):
            raise LakeBusyError(f"{lake}: another run is at work there. Run this command again when it has ended.")
        _require_ready(lake, ALL_STAGES[-1], "this command")

    if minutes:
        _patient(look, minutes, reporter)


def unfinished(lake: Lake, stage: str) -> str | None:
    """The first stage before a stage that has work; None when the stage can begin."""
    from jobs.checks.waiting import behind
    from jobs.stages.staged_files import is_interrupted

    present = lake.tables()
    if stage == "ingest":
        return None
    if "documents" not in present or is_interrupted(lake):
        return "ingest"
    for before in ALL_STAGES[1 : ALL_STAGES.index(stage)]:
        if before == "pack":  # one table is enough: those that the configuration no longer names stay behind
            is_done = any(name.startswith(PACKED) and not behind(lake, name) for name in present)
        else:
            tables = _TABLES[before]
            is_done = tables[-1] in present and not any(behind(lake, each) for each in tables if each in present)
        if not is_done:
            return before
    return None


def _require_ready(root: str, stage: str, waiting: str) -> None:
    before = unfinished(Lake(root), stage)
    if before is not None:
        raise NotReadyError(
            f"{root}: {before} has not processed what is there, and {waiting} works on what it makes. Run {before} "
            "first: its log, and the table `runs`, say what stopped it"
        )


def _patient(attempt: Callable[[], T], minutes: float, reporter: Reporter) -> T:
    """The result of `attempt`, which is made again while it is not this run's turn and there is time."""
    began, said = time.monotonic(), ""
    while True:
        try:
            result = attempt()
        except (LakeBusyError, NotReadyError) as error:
            if time.monotonic() - began >= 60 * minutes:
                raise
            why = str(error).partition(". ")[0]
            if why != said:
                reporter.event("waiting_for_turn", f"  waiting    {why}", why=why)
                said = why
            time.sleep(PAUSE)
            continue
        if said:
            seconds = round(time.monotonic() - began, 1)
            reporter.event("turn", f"  waited     {seconds:7.1f} s", seconds=seconds)
        return result
