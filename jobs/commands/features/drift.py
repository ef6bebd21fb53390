"""`tokenlake features drift`: how far the values of features have moved from their pinned baseline."""

import argparse
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs.commands.features.baseline import views
from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from pipelines.errors import MisuseError

if TYPE_CHECKING:
    from features.quality.record import ViewDrift


class NoBaselineError(MisuseError, LookupError):
    """None of the views has a baseline."""


def drift(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Measures, records and prints the drift; exit status 1 if a feature has drifted.

    Raises:
        NoBaselineError: there is nothing to compare with.
    """
    from features.quality.record import measure, record

    lake = existing(arguments.lake)
    every = (measure(lake, view, arguments.max_index, arguments.max_nulls) for view in views(arguments.view))
    measured = [each for each in every if each is not None]
    if not measured:
        raise NoBaselineError(
            f"{arguments.lake}: no baseline to compare with; `tokenlake features baseline {arguments.lake}` pins one"
        )
    record(lake, measured, f"features-drift-{uuid.uuid4().hex[:16]}", time.time_ns() // 1000)
    if arguments.json:
        print(json.dumps(list(_as_json(measured)), indent=2))
    else:
        _show(measured)
    return int(any(found.has_drifted for each in measured for found in each.drifts.values()))


def _as_json(measured: "list[ViewDrift]") -> Iterator[dict[str, Any]]:
    for each in measured:
        for name, found in each.drifts.items():
            yield {"view": each.view.name, "feature": name, **asdict(found), "has_drifted": found.has_drifted}


def _show(measured: "list[ViewDrift]") -> None:
    drifted = 0
    for each in measured:
        changed = {name: found for name, found in each.drifts.items() if found.has_drifted}
        drifted += len(changed)
        print(
            f"{each.view.name}: {len(changed)} of {len(each.drifts)} features have drifted; {each.current.entities:,} "
            f"entities, {each.baseline.rows:,} in the baseline (version {each.baseline.version})"
        )
        for name, found in changed.items():
            parts = []
            if found.values_drifted:
                parts.append(f"stability index {found.index:.2f}, above {max(found.limit, found.by_chance):.2f}")
            if found.nulls_drifted:
                before, now = each.baseline.features[name].null_share, each.now[name].null_share
                parts.append(f"nulls {before:.1%} before, {now:.1%} now")
            print(f"  {name}: {'; '.join(parts)}")
    print(f"{drifted:,} features have drifted" if drifted else "no feature has drifted")
