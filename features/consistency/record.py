"""A check's counts as rows of the table `feature_consistency`, and as metrics for an alert."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from features.consistency.comparison import Verdict
from features.consistency.limits import Failure
from features.consistency.tally import Tally
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version
from pipelines.tables import TIMESTAMP, Table

METRICS = "features/metrics.prom"
"""The metrics beside the lake's tables, relative to its folder; a text file collector reads them from there."""

_SUFFIX = "features_consistency"

FEATURE_CONSISTENCY = Table(
    "feature_consistency",
    key=("run_id", "view", "feature"),
    schema=pa.schema(
        [
            pa.field("checked_at", TIMESTAMP),
            pa.field("answers_from", pa.string()),  # log: of served requests; store: asked for by the check
            pa.field("view", pa.string()),
            pa.field("feature", pa.string()),
            pa.field("compared", pa.int64()),
            *(pa.field(verdict.value, pa.int64()) for verdict in Verdict),
            pa.field("largest_difference", pa.float64()),
            pa.field("largest_relative_difference", pa.float64()),
            pa.field("rows", pa.int64()),  # of the view's table, of the entities compared
            pa.field("rows_from_the_future", pa.int64()),
            pa.field("packed_rows", pa.int64()),  # of the view, that should be online
            pa.field("unpacked_rows", pa.int64()),  # of these, lost or older than Feast's layout
            pa.field("first_request", TIMESTAMP),
            pa.field("last_request", TIMESTAMP),
            pa.field("lag_seconds", pa.float64()),
            pa.field("plan", pa.string()),
            pa.field("failures", pa.int64()),  # limits that the feature exceeds
            pa.field("examples", pa.string()),  # JSON
            pa.field("run_id", pa.string()),
        ]
    ),
    about="one row for each feature of each consistency check",
)


@dataclass(frozen=True)
class Check:
    """A check that was made."""

    run_id: str
    at: int  # microseconds since the epoch
    answers_from: str  # log or store
    lag: int  # microseconds
    plan: str  # fingerprint
    tally: Tally
    failures: Sequence[Failure]


def record(lake: Lake, check: Check) -> None:
    """Adds a check to the table, in one commit."""
    rows = pa.Table.from_pylist(list(_rows(check)), schema=FEATURE_CONSISTENCY.schema)
    metadata = CommitMetadata(
        check.run_id, "features check", "append", check.plan, code_version(), {}, time.time(), rows.num_rows
    )
    lake.append(rows, FEATURE_CONSISTENCY, metadata, None)


def _rows(check: Check) -> Iterator[dict[str, Any]]:
    tally = check.tally
    for view, feature, found in tally:
        examples = [asdict(example) for listed in found.examples.values() for example in listed]
        yield {
            "checked_at": _time(check.at),
            "answers_from": check.answers_from,
            "view": view,
            "feature": feature,
            "compared": found.compared,
            **{verdict.value: found.verdicts[verdict] for verdict in Verdict},
            "largest_difference": found.largest_difference,
            "largest_relative_difference": found.largest_relative,
            "rows": tally.rows[view],
            "rows_from_the_future": tally.rows_from_the_future[view],
            "packed_rows": tally.packed[view],
            "unpacked_rows": tally.unpacked[view],
            "first_request": _time(tally.first),
            "last_request": _time(tally.last),
            "lag_seconds": check.lag / 1e6,
            "plan": check.plan,
            "failures": sum((each.view, each.feature) == (view, feature) for each in check.failures),
            "examples": json.dumps(examples),
            "run_id": check.run_id,
        }


def metrics(check: Check) -> str:
    """The counts in Prometheus' text format (version 0.0.4), as gauges of the last check."""
    tally = check.tally
    lines = [
        f"# HELP tokenlake_{_SUFFIX}_answers Answers of the last consistency check, by verdict.",
        f"# TYPE tokenlake_{_SUFFIX}_answers gauge",
    ]
    for view, feature, found in tally:
        for verdict in Verdict:
            labels = f'view="{view}",feature="{feature}",verdict="{verdict}"'
            lines.append(f"tokenlake_{_SUFFIX}_answers{{{labels}}} {found.verdicts[verdict]}")
    by_view = {
        "rows_from_the_future": ("Rows created before their event time.", tally.rows_from_the_future),
        "unpacked_rows": ("Packed rows that are lost or older than Feast's layout.", tally.unpacked),
    }
    for name, (about, counts) in by_view.items():
        lines += [f"# HELP tokenlake_{_SUFFIX}_{name} {about}", f"# TYPE tokenlake_{_SUFFIX}_{name} gauge"]
        lines += [f'tokenlake_{_SUFFIX}_{name}{{view="{view}"}} {counts[view]}' for view in sorted(counts)]
    single = {
        "failures": ("Limits that the last check found exceeded.", len(check.failures)),
        "unreadable_lines": ("Lines of the request log that are no answers.", tally.unreadable),
        "checked_timestamp_seconds": ("Time of the last check.", check.at / 1e6),
    }
    for name, (about, value) in single.items():
        lines += [f"# HELP tokenlake_{_SUFFIX}_{name} {about}", f"# TYPE tokenlake_{_SUFFIX}_{name} gauge"]
        lines.append(f"tokenlake_{_SUFFIX}_{name} {value}")
    return "\n".join(lines) + "\n"


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC)
