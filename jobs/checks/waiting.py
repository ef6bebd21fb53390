"""What the table of a step has not read yet of its inputs, as logs tell. Opens no data file and needs no engine."""

from datetime import datetime

from lake.commits import EXPIRED, Commit
from lake.lake import Lake
from pipelines.tables import PACKED

STEPS = frozenset(
    {
        "measures",
        "contamination",
        "decisions",
        "signatures",
        "duplicates",
        "passages",
        "passage_decisions",
        "clean_documents",
        "tokens",
        "pair_measures",
        "pair_decisions",
        "pair_duplicates",
        "clean_pairs",
        "pair_tokens",
    }
)
"""The tables of steps, besides the packed ones."""


def behind(lake: Lake, table: str) -> list[str]:
    """The inputs that have new rows which the last commit of a step's table has not read."""
    return list(_unread(lake, table))


def expired(lake: Lake, table: str) -> list[str]:
    """Those of `behind` that cannot be read any more as this table's last commit read them."""
    versions = {name: lake.same_rows_until(name, version) for name, version in read_by(lake, table).items()}
    return [name for name in behind(lake, table) if not lake.has_version(name, versions[name])]


def waiting_since(lake: Lake, table: str) -> datetime | None:
    """When the oldest commit was made that a step's table has not read; None if it has read all of them.

    The time of an entry that has expired is not known: 1970.
    """
    unread = _unread(lake, table).values()
    return min((commit.timestamp for commits in unread for commit in commits), default=None)


def read_by(lake: Lake, table: str) -> dict[str, int]:
    """input -> version that the table's last commit read; an update also names its own table, which is left out."""
    last = lake.last_own_commit(table)
    found = dict(last.metadata.inputs) if last and last.metadata else {}
    return {name: version for name, version in found.items() if name != table}


def rows_committed_after(lake: Lake, table: str, version: int) -> list[Commit]:
    """The commits after a version that may have changed rows; compaction and upgrades change none."""
    return [commit for commit in lake.commits(table, version) if commit.of_step or commit.operation == EXPIRED]


def _unread(lake: Lake, table: str) -> dict[str, list[Commit]]:
    """input -> its commits that the table has not read; inputs without such commits are left out."""
    if table not in STEPS and not table.startswith(PACKED):
        return {}
    found = {name: rows_committed_after(lake, name, version) for name, version in read_by(lake, table).items()}
    return {name: commits for name, commits in found.items() if commits}
