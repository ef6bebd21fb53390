"""What the listing of a table's log tells, without opening a file of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lake.reading import LakeReader

_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*")


@dataclass(frozen=True)
class LogListing:
    """The files of a log: entries, and checkpoints, which hold a whole version."""

    entries: Mapping[int, float]  # version -> seconds since the epoch at which its entry was written
    checkpoints: Mapping[int, list[str]]  # version -> names of the files

    @property
    def newest(self) -> int:
        """The newest version."""
        return max([*self.entries, *self.checkpoints])

    def is_readable(self, version: int) -> bool:
        """Whether the log has all that gives the rows of a version: its checkpoint, or one before it and all entries
        from there on."""
        base = max((each for each in self.checkpoints if each <= version), default=-1)
        return all(each in self.entries for each in range(base + 1, version + 1)) and version >= 0

    def readable(self) -> list[int]:
        """All versions that are readable, oldest first."""
        found, whole = [], True  # whether all entries since the checkpoint before are there
        for version in range(self.newest + 1):
            whole = version in self.checkpoints or (whole and version in self.entries)
            if whole:
                found.append(version)
        return found

    @property
    def since_checkpoint(self) -> int:
        """How many entries a reader of the newest version opens."""
        return self.newest - max(self.checkpoints, default=-1)


def listed(lake: LakeReader, table: str) -> LogListing:
    """The log of a table."""
    entries: dict[int, float] = {}
    checkpoints: dict[int, list[str]] = {}
    for each in lake.storage.entries(f"{table}/_delta_log"):
        if found := _ENTRY.fullmatch(each.name):
            entries[int(found[1])] = each.modified
        elif found := _CHECKPOINT.fullmatch(each.name):
            checkpoints.setdefault(int(found[1]), []).append(each.name)
    return LogListing(entries, checkpoints)
