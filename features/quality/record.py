"""Drift as rows of the table `feature_drift`."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from features.definition.view import View
from features.quality.baseline import Baseline, pinned, summaries
from features.quality.current_rows import CurrentRows, current_rows
from features.quality.drift import CHANGED, NULLS_CHANGED, Drift, drift
from features.quality.summary import Summary
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version
from lake.reading import LakeReader
from pipelines.tables import TIMESTAMP, Table

FEATURE_DRIFT = Table(
    "feature_drift",
    key=("run_id", "view", "feature"),
    schema=pa.schema(
        [
            pa.field("measured_at", TIMESTAMP),
            pa.field("view", pa.string()),
            pa.field("feature", pa.string()),
            pa.field("version", pa.int64()),  # of the view's table
            pa.field("baseline_version", pa.int64()),
            pa.field("entities", pa.int64()),
            pa.field("baseline_entities", pa.int64()),
            pa.field("stability_index", pa.float64()),  # null where nothing can be compared
            pa.field("index_by_chance", pa.float64()),
            pa.field("null_share", pa.float64()),
            pa.field("baseline_null_share", pa.float64()),
            pa.field("has_drifted", pa.bool_()),
            pa.field("run_id", pa.string()),
        ]
    ),
    about="one row for each feature of each comparison with a pinned baseline",
)


@dataclass(frozen=True)
class ViewDrift:
    """The features of a view against its baseline."""

    view: View
    baseline: Baseline
    current: CurrentRows
    now: dict[str, Summary]
    drifts: dict[str, Drift]


def measure(
    lake: LakeReader, view: View, limit: float = CHANGED, null_limit: float = NULLS_CHANGED
) -> ViewDrift | None:
    """The drift of a view's features; None if it has no table or no baseline. A feature that is newer than the
    baseline is left out.

    Raises:
        BaselineError: the baseline cannot be read.
    """
    baseline, current = pinned(lake, view), current_rows(lake, view)
    if baseline is None or current is None:
        return None
    now = summaries(lake, view, current, baseline)
    drifts = {
        name: drift(baseline.features[name], now[name], limit, null_limit) for name in now if name in baseline.features
    }
    return ViewDrift(view, baseline, current, now, drifts)


def record(lake: Lake, measured: Iterable[ViewDrift], run_id: str, at: int) -> None:
    """Adds a comparison to the table, in one commit. `at` is in microseconds since the epoch."""
    rows = [
        {
            "measured_at": datetime.fromtimestamp(at / 1e6, UTC),
            "view": each.view.name,
            "feature": name,
            "version": each.current.version,
            "baseline_version": each.baseline.version,
            "entities": each.current.entities,
            "baseline_entities": each.baseline.rows,
            "stability_index": found.index,
            "index_by_chance": found.by_chance,
            "null_share": each.now[name].null_share,
            "baseline_null_share": each.baseline.features[name].null_share,
            "has_drifted": found.has_drifted,
            "run_id": run_id,
        }
        for each in measured
        for name, found in each.drifts.items()
    ]
    table = pa.Table.from_pylist(rows, schema=FEATURE_DRIFT.schema)
    metadata = CommitMetadata(run_id, "features drift", "append", "", code_version(), {}, time.time(), table.num_rows)
    lake.append(table, FEATURE_DRIFT, metadata, None)
