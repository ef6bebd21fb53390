"""Days of deliveries: as they are written, the sources that a run of a day reads, and the days that are done.

A day is a calendar day in UTC. What `--date` means is in docs/how-to/daily-deliveries.md.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from lake.lake import Lake
from lake.scratch import STAGING
from pipelines.errors import MisuseError
from pipelines.readers.config import SourceConfig
from pipelines.readers.path_patterns import DATE
from pipelines.tables import INPUTS, RUNS

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class DateError(MisuseError, ValueError):
    """What should be a day is none, or no source tells which files are of a day."""


def day(text: str) -> date:
    """The day that is written YYYY-MM-DD.

    Raises:
        DateError: there is no such day, or it is written in another way.
    """
    try:
        return date.fromisoformat(text if _WRITTEN.fullmatch(text) else "")
    except ValueError:
        raise DateError(f"{text!r} is no day: write YYYY-MM-DD, such as 2026-11-20") from None


def days(text: str) -> list[date]:
    """The days of `D1..D2`, both included and in order; of `D`, that day.

    Raises:
        DateError: an end is no day, or the last day is before the first.
    """
    one, dots, other = text.partition("..")
    first = day(one)
    last = day(other) if dots else first
    if last < first:
        raise DateError(f"{text}: {last} is before {first}: write the first day first")
    return [first + timedelta(number) for number in range((last - first).days + 1)]


def sources_of(sources: Sequence[SourceConfig], of: date | None) -> list[SourceConfig]:
    """The sources that a run reads: of a day, those whose path holds `{date}`; without a day, all.

    Raises:
        DateError: there are none for the day.
    """
    found = [source for source in sources if of is None or source.is_dated]
    if of is not None and not found:
        raise DateError(
            f"--date {of}: no source has {DATE} in its path, so nothing tells which files are of that day; write it "
            f'where the day stands, such as path: "/data/{DATE}/*.jsonl"'
        )
    return found


def done(lake: Lake, stage: str) -> set[date]:
    """The days that runs of a stage with `--date` have committed whole, from the table `runs`; needs no engine.

    Not among them: days that brought no document and took none away; days of a run that was killed before its last
    commit; and days with a file that could not be read and is to be tried again.
    """
    if not lake.exists(RUNS.name):
        return set()
    rows = lake.read_here(RUNS.name, ["run_id", "stage", "status", "detail"]).to_pylist()
    unfinished = _unfinished(lake)
    whole: set[str] = set()
    partial: set[str] = set()
    for row in rows:
        detail = dict(row["detail"] or ())
        if (row["stage"], row["status"]) == (stage, "done") and "date" in detail:
            if row["run_id"] in unfinished:
                partial.add(detail["date"])
            elif _is_last(detail):
                whole.add(detail["date"])
    return {day(written) for written in whole - partial}


def _is_last(detail: Mapping[str, str]) -> bool:
    """Whether a run ends with this batch; several batches are numbered, such as `2 of 3`."""
    number, _, batches = detail.get("batch", "").partition(" of ")
    return number == batches


def _unfinished(lake: Lake) -> set[str]:
    """Run ids of readings whose commits are not all made, or of files that a later run has to try again."""
    pending = {entry.name.removesuffix(".json") for entry in lake.storage.entries(STAGING)}
    if not lake.exists(INPUTS.name):
        return pending
    rows = lake.read_here(INPUTS.name, ["run_id", "retry"]).to_pylist()
    return pending | {row["run_id"] for row in rows if row["retry"]}
