"""What upkeep has done, or would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import filesize

from lake.maintenance.compaction import Compacted
from lake.maintenance.vacuum import Deleted


@dataclass(frozen=True)
class Upkept:
    """One table. Bytes are those of data files on disk, of all versions."""

    table: str
    files: int = 0  # of the newest version, before
    bytes: int = 0  # before
    compacted: Compacted = field(default_factory=Compacted)
    checkpoint: bool = False
    log: Deleted = field(default_factory=Deleted)  # entries and checkpoints
    vacuumed: Deleted = field(default_factory=Deleted)
    since: int = 0  # every version from here on can be read,
    newest: int = 0
    pinned: Mapping[int, Sequence[str]] = field(default_factory=dict)  # and these: version -> names of pins
    needed: Mapping[int, Sequence[str]] = field(default_factory=dict)  # version -> tables made from it
    kept_bytes: int = 0  # of files that stay only for versions in `pinned` and `needed`
    refused: str = ""
    seconds: float = 0.0

    @property
    def files_after(self) -> int:
        """Of the newest version."""
        return self.files - self.compacted.files + self.compacted.into

    @property
    def bytes_after(self) -> int:
        """Of all versions."""
        return self.bytes + self.compacted.written - self.vacuumed.bytes

    @property
    def is_changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.compacted.into or self.checkpoint or self.log.files or self.vacuumed.files)

    def line(self) -> str:
        """One line about the table."""
        if self.refused:
            return f"{self.table}: left as it is: {self.refused}"
        files = f"{self.files:,} files" if self.files != 1 else "1 file"
        parts = [files]
        if self.compacted.into:
            written = filesize.decimal(self.compacted.written)
            parts = [f"{self.files:,} -> {self.files_after:,} files ({written} written)"]
        if self.compacted.left:
            parts.append(f"not compacted further: {self.compacted.left}")
        if self.checkpoint:
            parts.append("checkpoint")
        if self.log.files:
            parts.append(f"{self.log.files:,} files of the log deleted")
        if self.vacuumed.files:
            parts.append(f"{self.vacuumed.files:,} old data files deleted")
        return f"{self.table}: {', '.join(parts)}; {self._size()}; {self._versions()}"

    def _size(self) -> str:
        before, after = filesize.decimal(self.bytes), filesize.decimal(self.bytes_after)
        return after if before == after else f"{before} -> {after}"

    def _versions(self) -> str:
        parts = [f"version {self.newest}" if self.since == self.newest else f"versions {self.since} to {self.newest}"]
        parts += [f"{version} (pinned: {', '.join(names)})" for version, names in sorted(self.pinned.items())]
        old = {version: tables for version, tables in self.needed.items() if version < self.since}
        parts += [f"{version} (made {', '.join(tables)})" for version, tables in sorted(old.items())]
        kept = f"; {filesize.decimal(self.kept_bytes)} for the last of these" if self.kept_bytes else ""
        return f"readable: {', '.join(parts)}{kept}"

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "table": self.table,
            "refused": self.refused or None,
            "files_before": self.files,
            "files_after": self.files_after,
            "bytes_before": self.bytes,
            "bytes_after": self.bytes_after,
            "bytes_written": self.compacted.written,
            "not_compacted": self.compacted.left or None,
            "checkpoint": self.checkpoint,
            "log_files_deleted": self.log.files,
            "data_files_deleted": self.vacuumed.files,
            "bytes_deleted": self.vacuumed.bytes + self.log.bytes,
            "readable_since": self.since,
            "newest": self.newest,
            "pinned": {str(version): list(names) for version, names in sorted(self.pinned.items())},
            "needed": {str(version): list(names) for version, names in sorted(self.needed.items())},
            "bytes_kept_for_old_versions": self.kept_bytes,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Outcome:
    """All tables of a lake."""

    lake: str
    dry_run: bool
    tables: Sequence[Upkept]
    staging: Deleted = field(default_factory=Deleted)
    foreign: Sequence[str] = ()  # tables of other programs
    seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether no table had to be left as it is."""
        return not any(each.refused for each in self.tables)

    @property
    def deleted(self) -> Deleted:
        """Everything that was deleted."""
        return sum((each.log + each.vacuumed for each in self.tables), self.staging)

    def lines(self) -> list[str]:
        """As the command prints it."""
        lines = [each.line() for each in self.tables]
        if self.foreign:
            lines.append(f"not touched, because other programs made them: {', '.join(self.foreign)}")
        if self.staging.files:
            size = filesize.decimal(self.staging.bytes)
            lines.append(f"_staging: {size} of runs that were killed deleted")
        return [*lines, self._summary()]

    def _summary(self) -> str:
        changed = any(each.is_changed for each in self.tables) or self.staging.files
        if not changed:
            return f"Nothing to do ({self.seconds:.1f} s)."
        before, after = sum(each.files for each in self.tables), sum(each.files_after for each in self.tables)
        gone = self.deleted
        said = (
            f"{before:,} -> {after:,} data files to read; {gone.files:,} files, {filesize.decimal(gone.bytes)} deleted"
        )
        if self.dry_run:
            return f"Would do this; nothing was changed (--dry-run): {said} ({self.seconds:.1f} s)."
        return f"Done: {said} ({self.seconds:.1f} s)."

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "lake": self.lake,
            "dry_run": self.dry_run,
            "tables": [each.as_json() for each in self.tables],
            "staging_bytes_deleted": self.staging.bytes,
            "foreign_tables": list(self.foreign),
            "files_deleted": self.deleted.files,
            "bytes_deleted": self.deleted.bytes,
            "seconds": round(self.seconds, 3),
        }
