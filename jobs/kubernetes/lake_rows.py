"""What the table `runs` of a lake says of the jobs of a cluster, read from this machine if it can reach the lake."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from pipelines.errors import TokenlakeError

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds in which a lake has to answer: its store may be reachable from inside the cluster only."""

_MAIN = {"ingest": "documents", "clean": "decisions", "dedup": "clean_documents", "tokenize": "tokens"}
"""Of the tables that a run of a stage commits, the one whose rows tell most; of other stages, the last one."""

_COLUMNS = ["stage", "table", "rows_in", "rows_out", "seconds", "status", "detail", "finished_at"]


class UnreadableLakeError(TokenlakeError, RuntimeError):
    """The lake cannot be read from this machine."""


@dataclass(frozen=True)
class StageRow:
    """The last row of `runs` for a stage."""

    stage: str
    table: str | None  # None when it failed
    status: str  # done or failed
    rows_in: int | None
    rows_out: int | None
    seconds: float | None
    error: str | None
    finished_at: datetime


def last_rows(lake: str) -> dict[str, StageRow]:
    """Stage -> its last row of `runs`: a failure, or the commit of its main table.

    Raises:
        UnreadableLakeError: the lake cannot be read from this machine, or not in time.
    """
    from pipelines.tables import RUNS

    def read() -> list[dict[str, Any]]:
        found = _lake(lake)
        return found.read_here(RUNS.name, _COLUMNS).to_pylist() if found.exists(RUNS.name) else []

    return newest(in_time(lake, read))


def newest(rows: Sequence[Mapping[str, Any]]) -> dict[str, StageRow]:
    """Stage -> its last row among rows of `runs`, as `last_rows` tells."""
    telling = [
        row for row in rows if row["status"] == "failed" or row["table"] == _MAIN.get(row["stage"], row["table"])
    ]
    return {row["stage"]: _stage_row(row) for row in sorted(telling, key=lambda row: row["finished_at"])}


def days_done(lake: str, stage: str) -> set[date]:
    """The days that runs of a stage have committed whole. Errors as `last_rows`."""
    from jobs.dates import done

    return in_time(lake, lambda: done(_lake(lake), stage))


def in_time(lake: str, read: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What `read` returns.

    Raises:
        UnreadableLakeError: it failed, or was not done in time.
    """
    results: list[T] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            results.append(read())
        except Exception as error:
            errors.append(error)

    reader = threading.Thread(target=work, daemon=True)  # a request that nobody answers must not keep the command
    reader.start()
    reader.join(seconds)
    if results:
        return results[0]
    why = _first_line(errors[0]) if errors else f"no answer in {seconds:.0f} s"
    raise UnreadableLakeError(f"{lake} cannot be read from this machine: {why}")


def _lake(root: str) -> Any:
    from jobs.commands.lake_session import existing

    return existing(root)


def _stage_row(row: Mapping[str, Any]) -> StageRow:
    detail = dict(row["detail"] or ())
    kept = ("stage", "table", "status", "rows_in", "rows_out", "seconds", "finished_at")
    return StageRow(**{key: row[key] for key in kept}, error=detail.get("error"))


def _first_line(error: Exception) -> str:
    from jobs.failures import explain_failure

    return explain_failure(error).message.splitlines()[0][:300]
