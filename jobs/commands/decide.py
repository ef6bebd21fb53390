"""`tokenlake decide`: applies another policy to stored measures, without reading text."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from rich.console import Console
from rich.table import Table as Grid

from jobs.cli import UsageError
from jobs.commands.lake_session import opened
from jobs.progress import Reporter
from jobs.runs import record_runs
from jobs.stages.clean import commit_decisions, decision_work, decisions, urls_in_force
from jobs.stages.contamination import in_force
from jobs.stages.policy_file import policy_in_force
from lake.commits import Commit
from lake.lake import Lake
from lake.ledger import Work
from lake.lock import exclusive
from pipelines.policies.files import load
from pipelines.policies.policy import Policy
from pipelines.policies.spark import changes
from pipelines.semantics import MEASURING
from pipelines.urls.url_lists import UrlConfig


@dataclass(frozen=True)
class Proposal:
    """The decisions under another policy, compared with the committed ones. Not committed itself."""

    policy: Policy
    urls: UrlConfig
    work: Work
    decisions: DataFrame
    changes: Sequence[Row]  # change, language, reason, documents, first
    kept: int  # documents that are kept now
    present: Policy | None  # that decides now; None: nobody knows it
    measured_before: bool  # whether an earlier version of the program measured some of the texts

    @property
    def dropped(self) -> int:
        """Documents that are kept now and would be dropped."""
        return sum(row.first for row in self.changes if row.change == "dropped")

    @property
    def restored(self) -> int:
        """Documents that are dropped now and would be kept."""
        return sum(row.first for row in self.changes if row.change == "restored")


def decide(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Shows how a policy would change the lake's decisions; `--apply` commits the new decisions."""
    policy = load(arguments.policy)
    with opened(arguments.lake, arguments.engine, reporter) as (lake, _):
        proposal = propose(lake, policy)
        show(proposal)
        commit = None
        if arguments.apply:
            with exclusive(lake.root):
                commit = apply(lake, proposal)
    if commit:
        print(f"Committed version {commit.version} of decisions. To update the tables that depend on it:")
        print(f"  tokenlake run CONFIG --lake {arguments.lake} --set clean.policy={arguments.policy}")
        print("A run whose configuration names another policy decides again with that one, and says so.")
    elif proposal.work.mode == "nothing":
        print("The lake was decided with this policy; nothing would change.")
    else:
        print("Nothing is committed; add --apply to commit these decisions.")
    return 0


def propose(lake: Lake, policy: Policy) -> Proposal:
    """Decides all measured documents under the policy, and compares with the committed decisions.

    Raises:
        UsageError: the lake has no decisions to compare with.
    """
    if not lake.exists("decisions"):
        raise UsageError(f"{lake.root}: nothing is decided there yet; run `tokenlake stage clean CONFIG` first")
    urls, compared = urls_in_force(lake), in_force(lake)
    policy = policy.decontaminating() if compared else policy
    work = decision_work(lake, policy, urls, compared)
    old = work.previous(lake)
    new = decisions(lake, work, policy, urls)
    found = changes(old, new, work.whole(lake, "measures")).orderBy("change", "language", "reason").collect()
    measured = lake.last_own_commit("measures")
    versions = measured.metadata.semantics if measured and measured.metadata else ()
    earlier = any(version < MEASURING.version for version in versions)
    return Proposal(policy, urls, work, new, found, old.where("kept").count(), policy_in_force(lake), earlier)


def apply(lake: Lake, proposal: Proposal) -> Commit | None:
    """Commits a proposal; None when the lake already holds these decisions."""
    if proposal.work.mode == "nothing":
        return None
    commit = commit_decisions(lake, proposal.work, proposal.decisions, proposal.policy, proposal.urls, applied="yes")
    record_runs(lake)
    return commit


def show(proposal: Proposal) -> None:
    """Prints totals, then a line per change, language and rule."""
    after = proposal.kept - proposal.dropped + proposal.restored
    print(
        f"{proposal.policy.label}: kept {proposal.kept:,} -> {after:,} "
        f"({proposal.dropped:,} dropped, {proposal.restored:,} restored)"
    )
    if proposal.present and set(proposal.present.rewrite) != set(proposal.policy.rewrite):
        passes = [", ".join(policy.rewrite) or "none" for policy in (proposal.present, proposal.policy)]
        print(f"passes that rewrite kept texts: {' -> '.join(passes)}")
    if proposal.measured_before:
        print("note: an earlier version measured some of these texts, and kept only what C4's line rules left of them")
    if not proposal.changes:
        return
    grid = Grid("change", "language", "rule", "documents", "first", box=None, header_style="bold", padding=(0, 1))
    for column in grid.columns:
        column.no_wrap = True
    for column in grid.columns[3:]:
        column.justify = "right"
    for row in proposal.changes:
        grid.add_row(row.change, row.language or "-", row.reason, f"{row.documents:,}", f"{row.first:,}")
    Console(soft_wrap=True, highlight=False).print(grid)
    print(" (documents: all that fail the rule; first: those that fail no earlier rule)")
