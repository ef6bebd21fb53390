"""`tokenlake mix`."""

import argparse
import json
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table as Grid

from jobs.progress import Reporter
from jobs.yaml_config import load
from training.feed.mixing import Mix
from training.feed.mixture_config import MixtureConfig
from training.feed.mixture_plan import MixturePlan, write_plan
from training.feed.mixture_planning import planned


def mix(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Plans a mixture, commits the plan, and shows what it makes of the sources.

    Raises:
        ConfigError: the file is no configuration of a mixture.
        MissingPathError, FeedMisuseError, FeedError: as `planned`.
    """
    config = load(arguments.config, MixtureConfig, [change for group in arguments.set for change in group])
    rows = planned(config)
    plan = _uncommitted(config, rows) if arguments.dry_run else write_plan(config.plan, rows)
    order = plan.mix(arguments.seed)
    if arguments.json:
        print(json.dumps({"plan": plan.location, "version": plan.version, **described(plan, order)}, indent=2))
        return 0
    _show(plan, order, arguments.dry_run)
    return 0


def _uncommitted(config: MixtureConfig, rows: pa.Table) -> MixturePlan:
    return MixturePlan(config.plan, -1, "", tuple(rows.to_pylist()))


def described(plan: MixturePlan, order: Mix) -> dict[str, Any]:
    """What a plan makes of its sources: samples in all, phases, and of each source rows, tokens, shares, epochs."""
    used = order.counts_until(order.length) if order.length is not None else None
    return {
        "samples": order.length,
        "window": order.window,
        "phases": [{"from_sample": phase.start, "quotas": list(phase.quotas)} for phase in order.phases],
        "sources": [
            {
                "source": row["source"],
                "lake": row["lake"],
                "table": row["table"],
                "version": row["version"],
                "where": row["where"],
                "rows": row["rows"],
                "tokens": row["tokens"],
                "token_shares": [_share(plan, phase.quotas, number) for phase in order.phases],
                "epochs": None if used is None else used[number] / row["rows"],
                "epochs_limit": row["epochs"],
            }
            for number, row in enumerate(plan.rows)
        ],
    }


def _share(plan: MixturePlan, quotas: tuple[int, ...], number: int) -> float:
    """The part of a phase's tokens that one source gives."""
    tokens = [quota * row["tokens"] / row["rows"] for quota, row in zip(quotas, plan.rows, strict=True)]
    return tokens[number] / sum(tokens)


def _show(plan: MixturePlan, order: Mix, dry_run: bool) -> None:
    found = described(plan, order)
    grid = Grid("source", "table", "rows", "tokens", "share of tokens", "epochs", box=None, header_style="bold")
    for column in grid.columns[2:]:
        column.justify = "right"
    for one in found["sources"]:
        limit = one["epochs_limit"]
        used = "" if one["epochs"] is None else f"{one['epochs']:.2f} of "
        grid.add_row(
            one["source"],
            f"{one['table']} {one['version']}",
            f"{one['rows']:,}",
            f"{one['tokens']:,}",
            " → ".join(f"{share:.1%}" for share in one["token_shares"]),
            f"{used}{'any number' if limit is None else limit}",
        )
    console = Console(soft_wrap=True, highlight=False)
    console.print(grid)
    starts = ", ".join(f"{phase['from_sample']:,}" for phase in found["phases"])
    length = "without end" if order.length is None else f"{order.length:,} samples"
    console.print(f"{length}; phases begin at sample {starts}; shares are exact in every {order.window:,} samples")
    late = [phase["from_sample"] for phase in found["phases"] if order.length is not None]
    if late and late[-1] >= (order.length or 0):
        console.print(
            f"no sample is of the phase that begins at {late[-1]:,}: a source has used its epochs before; give it "
            "more, or set exhausted: others"
        )
    console.print("dry run: nothing committed" if dry_run else f"plan: {plan.location}, version {plan.version}")
