"""The thresholds that decided, so that they can be drawn into the distributions."""

from jobs.lake import Commit
from jobs.report.facts import Threshold


def thresholds(policy: str | None, commit: Commit | None) -> list[Threshold]:
    """The rules of the policy in force, in policy order."""
    return []
