"""`tokenlake decide`: another policy over stored measures; no text is read."""

import argparse
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

from jobs.commands.lake_session import opened
from jobs.progress import Reporter

if TYPE_CHECKING:
    from pyspark.sql import Row


def decide(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Shows what a policy would change against the lake's decisions; `--apply` commits it."""
    from jobs.stages.clean import commit_decisions, decision_work, decisions, urls_in_force
    from pipelines.policies.files import load
    from pipelines.policies.spark import changes

    policy = load(arguments.policy)
    with opened(arguments.lake) as lake:
        old = lake.read("decisions")
        urls = urls_in_force(lake)
        work = decision_work(lake, policy, urls)
        new = decisions(lake, work, policy, urls)
        rows = changes(old, new, lake.read("measures")).orderBy("change", "language", "reason").collect()
        kept = old.where("kept").count()
        _show(rows, kept, policy.label)
        if arguments.apply and work.mode != "nothing":
            commit = commit_decisions(lake, work, new, policy, urls)
            print(
                f"committed version {commit.version} of decisions; the next `tokenlake run` with clean.policy set to "
                f"{arguments.policy} takes it on through dedup, tokenize and pack"
            )
        elif arguments.apply:
            print("nothing to commit: these are the decisions in force")
    return 0


def _show(rows: "list[Row]", kept: int, label: str) -> None:
    dropped = sum(row.first for row in rows if row.change == "dropped")
    restored = sum(row.first for row in rows if row.change == "restored")
    print(f"{label}: kept {kept:,} -> {kept - dropped + restored:,} ({dropped:,} drop out, {restored:,} come back)")
    if not rows:
        return
    grid = Grid("change", "language", "reason", "documents", "first reason of", box=None, header_style="bold")
    for column in grid.columns[3:]:
        column.justify = "right"
    for row in rows:
        grid.add_row(row.change, row.language, row.reason, f"{row.documents:,}", f"{row.first:,}")
    Console(soft_wrap=True).print(grid)
