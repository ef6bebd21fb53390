"""Figures of features: how fresh, how far online, what the last consistency check and drift comparison found."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from features.catalogue.catalogue import CATALOGUE
from features.consistency.comparison import Verdict
from features.consistency.record import FEATURE_CONSISTENCY
from features.definition.view import EVENT_TIMESTAMP, View
from features.materialization.state import State
from features.quality.record import FEATURE_DRIFT
from features.store.address import Address
from features.store.errors import StoreError
from jobs.checks.waiting import rows_committed_after
from jobs.feature_report.materialized import states
from jobs.metrics import catalogue
from jobs.metrics.metric import Sample
from lake.lake import Lake

_VERDICTS = tuple(verdict.value for verdict in Verdict)
_RIGHT = (Verdict.EQUAL.value, Verdict.LATE.value)


def feature_figures(lake: Lake, online: Address | None) -> Iterator[Sample]:
    """Figures of the views that have a table, and of an online store if there is one."""
    present = set(lake.tables())
    views = [view for view in CATALOGUE.views if view.table in present]
    for view in views:
        yield from catalogue.FEATURE_NEWEST_EVENT(_newest_event(lake, view), view=view.name)
        if view.max_age is not None:
            yield from catalogue.FEATURE_MAX_AGE(view.max_age.total_seconds(), view=view.name)
    if views and online is not None:
        yield from _online(lake, views, online)
    if FEATURE_CONSISTENCY.name in present:
        yield from _consistency(lake)
    if FEATURE_DRIFT.name in present:
        yield from _drift(lake)


def _newest_event(lake: Lake, view: View) -> datetime | None:
    """As the statistics of data files tell it."""
    bounds = [file.high.get(EVENT_TIMESTAMP) for file in lake.files(view.table)]
    return max((datetime.fromisoformat(bound) for bound in bounds if bound), default=None)


def _online(lake: Lake, views: Sequence[View], online: Address) -> Iterator[Sample]:
    try:
        found = states(online)
    except StoreError:
        yield from catalogue.ONLINE_STORE_UP(0)
        return
    yield from catalogue.ONLINE_STORE_UP(1)
    for view in views:
        state = found.get(view.name)
        if state is not None and state.table == lake.identity(view.table):
            until = datetime.fromtimestamp(state.up_to_us / 1e6, UTC)
            yield from catalogue.FEATURE_ONLINE_UNTIL(until, view=view.name)
        yield from catalogue.FEATURE_ONLINE_PENDING_SINCE(_not_online_since(lake, view, state), view=view.name)


def _not_online_since(lake: Lake, view: View, state: State | None) -> datetime | None:
    """When the oldest commit was made whose rows the store does not have."""
    is_of_table = state is not None and state.table == lake.identity(view.table)
    version = state.version if state is not None and is_of_table else -1
    waiting = rows_committed_after(lake, view.table, version)
    return min((commit.timestamp for commit in waiting), default=None)


def _consistency(lake: Lake) -> Iterator[Sample]:
    columns = ["view", "checked_at", "answers_from", "failures", *_VERDICTS]
    for (view, answers_from), rows in _last(lake, FEATURE_CONSISTENCY.name, columns, "checked_at").items():
        place = {"view": view, "answers_from": answers_from}
        compared = sum(row[verdict] for row in rows for verdict in _VERDICTS)
        right = sum(row[verdict] for row in rows for verdict in _RIGHT)
        yield from catalogue.CONSISTENCY_TIME(rows[0]["checked_at"], **place)
        yield from catalogue.CONSISTENCY_COMPARED(compared, **place)
        yield from catalogue.CONSISTENCY_WRONG(compared - right, **place)
        yield from catalogue.CONSISTENCY_FAILURES(sum(row["failures"] for row in rows), **place)


def _drift(lake: Lake) -> Iterator[Sample]:
    for (view, _), rows in _last(
        lake, FEATURE_DRIFT.name, ["view", "measured_at", "has_drifted"], "measured_at"
    ).items():
        yield from catalogue.DRIFT_TIME(rows[0]["measured_at"], view=view)
        yield from catalogue.DRIFT_FEATURES(len(rows), view=view)
        yield from catalogue.DRIFT_DRIFTED(sum(row["has_drifted"] for row in rows), view=view)


def _last(
    lake: Lake, table: str, columns: Sequence[str], time: str
) -> Mapping[tuple[str, str], list[Mapping[str, Any]]]:
    """(view, `answers_from` or nothing) -> the rows of its last result, one for each feature."""
    rows = lake.read_here(table, columns).to_pylist()
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row[time]):
        place = row["view"], row.get("answers_from", "")
        before = found.setdefault(place, [])
        if before and before[0][time] < row[time]:
            before.clear()
        before.append(row)
    return dict(sorted(found.items()))
