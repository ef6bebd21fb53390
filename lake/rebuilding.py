"""Why a table's rows are no longer what its step would make: each reason is the end of a sentence, or empty."""

from collections.abc import Mapping, Sequence

from lake.commits import EXPIRED, Commit, CommitMetadata
from pipelines.semantics import Semantics


def outdated(last: CommitMetadata, config_hash: str, semantics: Semantics, keep_old: bool) -> str:
    """What has changed in the step since the last commit.

    `keep_old`: rows that other versions of the step made are valid too. Before versions were recorded, fingerprints of
    settings were made otherwise and cannot be compared, so such rows are valid whatever their settings.
    """
    if last.config_hash != config_hash and not (keep_old and last.semantics == (0,)):
        return "its settings have changed"
    others = [version for version in last.semantics if version != semantics.version]
    if keep_old or not others:
        return ""
    return news(semantics, others)


def news(semantics: Semantics, others: Sequence[int]) -> str:
    """What a step does otherwise than in `others`, versions that made rows."""
    changes = "; ".join(change for version, change in sorted(semantics.changes.items()) if version > min(others))
    made_by = " and ".join(map(str, others))
    now = f"{semantics.step} is at version {semantics.version} now ({changes})"
    return f"{now}, and there are rows of version {made_by}; --keep-old would keep them"


def remade(consumed: Mapping[str, int], newest: Mapping[str, int]) -> str:
    """Which input is a new table under an old name: its newest version is older than the one that was read."""
    found = [name for name, version in newest.items() if consumed.get(name, -1) > version >= 0]
    return f"{found[0]} was deleted and made again" if found else ""


def not_by_a_step(commits: Sequence[Commit]) -> str:
    """What an input's commits did, if another program made them or nothing tells; a step has said why itself."""
    for commit in commits:
        if commit.operation == EXPIRED:
            return f"the log of {commit.table} no longer tells what version {commit.version} changed"
        if commit.metadata is None:
            return f"another program changed {commit.table} ({commit.operation}, version {commit.version})"
    return ""
