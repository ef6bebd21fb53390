"""Gathers the figures of the page from the tables of a lake."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from features.consistency.comparison import Verdict
from features.consistency.record import FEATURE_CONSISTENCY
from features.definition.view import Catalogue, Expectation, Feature, View
from features.freshness import is_fresh
from features.quality.baseline import Baseline, pinned, summaries
from features.quality.current_rows import CurrentRows, current_rows
from features.quality.drift import Drift, drift
from features.quality.expectations import feature_breaches
from features.quality.summary import SHARES, Bins, Summary
from jobs.feature_report.data import (
    Category,
    CheckFigures,
    FeatureFigures,
    FeatureReport,
    MaterializedFigures,
    ViewFigures,
)
from jobs.report.data import Histogram
from lake.reading import LakeReader

_CATEGORIES = 6  # that a feature shows


def collect(
    lake: LakeReader,
    catalogue: Catalogue,
    now: int,
    materialized: Mapping[str, MaterializedFigures] | None = None,
    online: str | None = None,
) -> FeatureReport:
    """The figures of all views that have rows.

    Args:
        lake: the tables.
        catalogue: the definitions.
        now: the time at which values must be fresh, microseconds since the epoch.
        materialized: by view, up to where the online store has it.
        online: the online store that `materialized` is of.
    """
    checks = _checks(lake)
    found, absent = [], []
    for view in catalogue.views:
        current = current_rows(lake, view)
        if current is None or not current.entities:
            absent.append(view.name)
        else:
            state = (materialized or {}).get(view.name)
            found.append(_view(lake, view, current, now, state, checks.get(view.name, ())))
    return FeatureReport(
        lake=lake.root,
        made_at=_moment(now),
        views=tuple(found),
        absent=tuple(absent),
        on_demand={view.name: checks[view.name] for view in catalogue.on_demand if view.name in checks},
        online=online,
    )


def _view(
    lake: LakeReader,
    view: View,
    current: CurrentRows,
    now: int,
    materialized: MaterializedFigures | None,
    checks: tuple[CheckFigures, ...],
) -> ViewFigures:
    baseline = pinned(lake, view)
    now_summaries = summaries(lake, view, current, baseline)
    keys = current.keys(lake, view)
    features = tuple(
        _feature(view, feature, now_summaries[feature.name], baseline, _breaches(lake, view, current, keys, feature))
        for feature in view.features
    )
    fresh = is_fresh(current.event_times(lake, view), now, view.max_age_us)
    return ViewFigures(
        name=view.name,
        about=view.about,
        keys=view.join_keys,
        pushed=view.pushed,
        version=current.version,
        rows=current.rows,
        entities=current.entities,
        newest_event=_moment(current.newest_event),
        newest_created=_moment(current.newest_created),
        max_age_seconds=None if view.max_age is None else view.max_age.total_seconds(),
        fresh_share=float(np.mean(fresh)),
        baseline_version=baseline.version if baseline else None,
        baseline_pinned_at=_moment(baseline.pinned_at) if baseline else None,
        materialized=materialized,
        checks=checks,
        features=features,
    )


def _feature(
    view: View, feature: Feature, now: Summary, baseline: Baseline | None, breaches: tuple[str, ...]
) -> FeatureFigures:
    before = baseline.features.get(feature.name) if baseline else None
    moved = drift(before, now) if before else None
    return FeatureFigures(
        name=feature.name,
        value_type=feature.value_type.name.lower(),
        about=feature.about,
        expected=expected(feature.expect),
        null_share=now.null_share,
        baseline_null_share=before.null_share if before else None,
        quantiles=dict(zip((f"{share:.0%}" for share in SHARES), now.quantiles, strict=False)),
        histogram=_histogram(now.drawn),
        baseline_histogram=_histogram(before.drawn) if before else None,
        categories=tuple(_categories(feature, now, before)) if now.kind == "category" else (),
        distinct=now.distinct,
        index=moved.index if moved else None,
        drift=drifted(moved, before, now) if moved and before else "",
        breaches=breaches,
    )


def _breaches(lake: LakeReader, view: View, current: CurrentRows, keys: pa.Table, feature: Feature) -> tuple[str, ...]:
    rows = keys.append_column(feature.name, current.column(lake, view, feature.name))
    found = feature_breaches(view, feature, rows, pa.scalar(False))
    return tuple(f"{each.rows:,} of {each.of:,} are not {each.rule}" for each in found)


def expected(expect: Expectation) -> str:
    """What values must be, in words; nothing if they may be anything."""
    parts = []
    if expect.required:
        parts.append("not null")
    if expect.minimum is not None and expect.maximum is not None:
        parts.append(f"{expect.minimum:g} to {expect.maximum:g}")
    elif expect.minimum is not None:
        parts.append(f"at least {expect.minimum:g}")
    elif expect.maximum is not None:
        parts.append(f"at most {expect.maximum:g}")
    if expect.allowed is not None:
        parts.append(", ".join(expect.allowed))
    return "; ".join(parts)


def drifted(moved: Drift, before: Summary, now: Summary) -> str:
    """How a feature has drifted, in words; nothing if it has not."""
    parts = []
    if moved.values_drifted:
        parts.append(f"stability index {moved.index:.2f}")
    if moved.nulls_drifted:
        parts.append(f"nulls {before.null_share:.0%} → {now.null_share:.0%}")
    return ", ".join(parts)


def _categories(feature: Feature, now: Summary, before: Summary | None) -> Iterator[Category]:
    """The most frequent ones now, then all others; each with its share in the baseline."""
    total, earlier = now.values or 1, before.values or 1 if before else 1
    named = sorted(now.categories.items(), key=lambda item: -item[1])
    shown, rest = named[:_CATEGORIES], named[_CATEGORIES:]
    for name, count in shown:
        baseline = before.categories.get(name, 0) / earlier if before else None
        shown_as = f"{float(name):.4g}" if feature.value_type.is_floating and not feature.value_type.is_list else name
        yield Category(name=shown_as, share=count / total, baseline=baseline)
    other = sum(count for _, count in rest) + now.other
    known = {name for name, _ in shown}
    before_other = sum(count for name, count in before.categories.items() if name not in known) if before else 0
    if other or before_other or (before and before.other):
        baseline = (before_other + before.other) / earlier if before else None
        yield Category(name="all others", share=other / total, baseline=baseline)


def _histogram(bins: Bins | None) -> Histogram | None:
    if bins is None:
        return None
    return Histogram(edges=bins.edges, logarithmic=bins.logarithmic, counts=bins.counts)


def _checks(lake: LakeReader) -> dict[str, tuple[CheckFigures, ...]]:
    """Of each view the last check of logged answers and the last of live ones."""
    if not lake.exists(FEATURE_CONSISTENCY.name):
        return {}
    columns = ["view", "checked_at", "answers_from", "failures", *(verdict.value for verdict in Verdict)]
    last: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in lake.read_here(FEATURE_CONSISTENCY.name, columns).to_pylist():
        place = row["view"], row["answers_from"]
        listed = last.setdefault(place, [])
        if listed and listed[0]["checked_at"] < row["checked_at"]:
            listed.clear()
        if not listed or listed[0]["checked_at"] == row["checked_at"]:
            listed.append(row)
    found: dict[str, tuple[CheckFigures, ...]] = {}
    for (view, answers_from), listed in sorted(last.items()):
        check = CheckFigures(
            checked_at=listed[0]["checked_at"],
            answers_from=answers_from,
            verdicts={verdict.value: sum(row[verdict.value] for row in listed) for verdict in Verdict},
            failures=sum(row["failures"] for row in listed),
        )
        found[view] = (*found.get(view, ()), check)
    return found


def _moment(microseconds: int | None) -> Any:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC)
