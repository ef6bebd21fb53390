"""Whether a table's rows are still what its step would make, seen from the table's last commit."""

from collections.abc import Sequence

from lake.commits import CommitMetadata
from pipelines.semantics import Semantics


def outdated(last: CommitMetadata, config_hash: str, semantics: Semantics, keep_old: bool) -> str:
    """What has changed since the last commit, as the end of a sentence; empty when the rows are valid.

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
