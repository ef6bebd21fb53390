"""Whose turn it is on a lake: jobs that start at about the same time run one after the other, in their order.

A job waits while another run is at work, and while a stage before its own has not processed what is there. So a chain
of jobs needs no scheduler that knows their dependencies: the lake tells.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from jobs.arguments import ALL_STAGES
from jobs.checks.waiting import behind
from jobs.metrics.recorded import recorded, stage_file
from jobs.progress import Reporter
from lake.lake import Lake
from lake.lock import LakeBusyError, exclusive, is_free
from pipelines.errors import TokenlakeError
from pipelines.tables import PACKED

T = TypeVar("T")

PAUSE = 5.0
"""Seconds between two looks at the lake."""

ORDER = (*ALL_STAGES, "materialize")
"""Who takes turns; `materialize` is no stage, but comes after `features`."""

# `contamination` and `passages` stay behind where they were switched off.
_TABLES = {
    "clean": ("measures", "decisions"),
    "dedup": ("signatures", "duplicates", "clean_documents"),
    "tokenize": ("pair_tokens", "tokens"),
    "pairs": ("pair_measures", "pair_decisions", "pair_duplicates", "clean_pairs"),
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


def await_turn(lake: str, minutes: float, reporter: Reporter, after: str = "pack") -> None:
    """Waits until no run is at work on a lake and no stage up to `after` has work: for commands that hold no lock.

    Raises:
        LakeBusyError, NotReadyError: as `turn`.
    """

    def look() -> None:
        if not is_free(lake):
            raise LakeBusyError(f"{lake}: another run is at work there. Run this command again when it has ended.")
        _require_ready(lake, ORDER[ORDER.index(after) + 1], "this command")

    if minutes:
        _patient(look, minutes, reporter)


def unfinished(lake: Lake, stage: str) -> str | None:
    """The first stage before one of `ORDER` that has work; None when it can begin."""
    from jobs.stages.staged_files import is_interrupted

    if stage in ("ingest", "pairs"):
        return None
    if not lake.exists("documents") and lake.exists("pair_inputs"):  # of sentence pairs alone
        return _unfinished_of_pairs(lake, stage)
    if not lake.exists("documents") or is_interrupted(lake):
        return "ingest"
    before = ORDER[1 : ORDER.index(stage)]
    return next((each for each in before if not _has_ended(lake, each)), None)


def _unfinished_of_pairs(lake: Lake, stage: str) -> str | None:
    """As `unfinished`, of a lake of sentence pairs alone, which are encoded only where some table needs their ids."""
    if not _has_ended(lake, "pairs"):
        return "pairs"
    has_tokens = lake.exists("pair_tokens")
    is_later = ORDER.index(stage) > ORDER.index("tokenize")
    return "tokenize" if is_later and has_tokens and behind(lake, "pair_tokens") else None


def _has_ended(lake: Lake, stage: str) -> bool:
    """Whether a stage has processed what is there."""
    if stage == "features":
        return _ran_since(lake, stage, "measures", "decisions", "duplicates") is not False
    if stage == "pack":
        return _has_packed(lake)
    if stage == "pairs" and not lake.exists("pair_inputs"):
        return True
    *others, last = _TABLES[stage]
    return lake.exists(last) and not any(behind(lake, each) for each in (*others, last) if lake.exists(each))


def _has_packed(lake: Lake) -> bool:
    """Tables that the configuration no longer names stay behind; so what the last run recorded counts first."""
    ran = _ran_since(lake, "pack", "tokens")
    done = [not behind(lake, name) for name in lake.tables() if name.startswith(PACKED)]
    return bool(ran) or (any(done) and (ran is None or all(done)))


def _ran_since(lake: Lake, stage: str, *tables: str) -> bool | None:
    """Whether a stage has run since the last commit of the tables; None if no run of it was ever recorded."""
    ran = recorded(lake).get(stage_file(stage, "done"))
    if ran is None:
        return None
    commits = (lake.last_own_commit(name) for name in tables if lake.exists(name))
    return all(ran["at"] >= commit.timestamp.timestamp() for commit in commits if commit)


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
