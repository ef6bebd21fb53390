"""Which versions of a table upkeep keeps readable, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lake.maintenance.log_listing import LogListing, listed
from lake.maintenance.pins import pinned
from lake.reading import LakeReader
from pipelines.errors import TokenlakeError
from pipelines.tables import RUNS


class LostPinError(TokenlakeError, LookupError):
    """A pinned version cannot be read any more: nobody can tell which files it has, so none may be deleted."""


@dataclass(frozen=True)
class Kept:
    """The versions of one table that stay readable."""

    since: int  # every version from here on
    pinned: Mapping[int, Sequence[str]] = field(default_factory=dict)  # version -> names of its pins
    needed: Mapping[int, Sequence[str]] = field(default_factory=dict)  # version -> tables that were made from it

    @property
    def versions(self) -> set[int]:
        """The single versions that are kept besides those from `since` on."""
        return {version for version in (*self.pinned, *self.needed) if version < self.since}

    @property
    def oldest(self) -> int:
        """The oldest version that is kept."""
        return min([self.since, *self.versions])


def kept(lake: LakeReader, table: str, cutoff: float, using: Mapping[int, Sequence[str]]) -> Kept:
    """The versions of a table to keep.

    These are the version that was the newest at `cutoff` and all later ones, so that no reader that has begun since
    loses its version; pinned versions; and versions from which another table of the lake was made, because the next
    run and `tokenlake check` compare with them.

    Args:
        lake: holds the table.
        table: its name.
        cutoff: seconds since the epoch.
        using: version -> tables that were made from it, as `used` tells.

    Raises:
        LostPinError: a pinned version cannot be read any more.
    """
    log, pins = listed(lake, table), pinned(lake).get(table, {})
    for version, names in pins.items():
        if not log.is_readable(version):
            raise LostPinError(
                f"{lake.root}: the log of {table} no longer tells which files version {version} has, which is pinned "
                f"for {', '.join(names)}. Take the pin away (tokenlake unpin {lake.root} --for {names[0]} {table}), "
                "then run again"
            )
    needed = {version: tables for version, tables in using.items() if log.is_readable(version)}
    return Kept(_since(log, cutoff), pins, needed)


def used(lake: LakeReader) -> Mapping[str, Mapping[int, Sequence[str]]]:
    """table -> version -> other tables whose last commit was made from its rows.

    Of several versions with the same rows it is the last one: after a compaction, that which has fewer files.
    """
    found: dict[str, dict[int, list[str]]] = {}
    for other in lake.tables():
        last = lake.last_own_commit(other)
        for table, version in last.metadata.inputs.items() if last and last.metadata else ():
            if table == other or other == RUNS.name or not lake.exists(table):  # `runs` notes what it has recorded
                continue
            found.setdefault(table, {}).setdefault(lake.same_rows_until(table, version), []).append(other)
    return found


def _since(log: LogListing, cutoff: float) -> int:
    """The newest readable version that was committed before a time; the oldest readable if there is none."""
    readable = log.readable()
    return max((version for version in readable if log.entries.get(version, cutoff) < cutoff), default=readable[0])
