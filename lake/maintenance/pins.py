"""Pins: versions of tables that upkeep keeps readable, for instance because a model was trained on them.

A pin is one file, `_pins/<name>/<table>-<version>.json`, created in one step and never changed, so pins need no lock
on any storage. It holds the table's id: a table that is made anew under the name of another is not the pinned one.
"""

import getpass
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from lake.reading import LakeReader
from pipelines.errors import MisuseError, TokenlakeError

FOLDER = "_pins"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")


class PinError(MisuseError, ValueError):
    """A pin that cannot be set or taken away; the message says why."""


class UnreadablePinError(TokenlakeError, ValueError):
    """The file of a pin is damaged. Nothing may be deleted before somebody has looked at it."""


@dataclass(frozen=True)
class Pin:
    """A version that stays readable; `until`: the last day of that, or empty."""

    name: str  # what the version is kept for
    table: str
    version: int
    table_id: str
    by: str  # user
    at: str  # ISO 8601, UTC
    until: str = ""  # YYYY-MM-DD

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed (UTC)."""
        return bool(self.until) and date.fromisoformat(self.until) < datetime.now(UTC).date()

    @property
    def file(self) -> str:
        """Its file, relative to the lake."""
        return f"{FOLDER}/{self.name}/{self.table}-{self.version}.json"


def pin(lake: LakeReader, table: str, version: int, name: str, until: str = "") -> Pin:
    """Pins a version, whose data files are all there. A version that has this pin already keeps it as it is.

    Raises:
        PinError: the name cannot be one of a file, there is no such version, or files of it are gone.
    """
    if not _NAME.fullmatch(name):
        raise PinError(f"--for {name}: name what the version is kept for with letters, digits, spaces and . _ -")
    if not lake.exists(table):
        raise PinError(f"{lake.root}: no table {table}; `tokenlake tables {lake.root}` lists the tables")
    if not lake.has_version(table, version):
        raise PinError(
            f"{lake.root}: {table} has no version {version} that can be read; its newest is {lake.version(table)}"
        )
    made = Pin(name, table, version, lake.identity(table), _user(), datetime.now(UTC).isoformat("T", "seconds"), until)
    try:
        lake.storage.create_text(made.file, json.dumps(asdict(made)))
    except FileExistsError:
        return _read(lake, made.file)
    if gone := lost_files(lake, made):  # looked at once the pin is there: upkeep deletes nothing of it from here on
        lake.storage.delete(made.file)
        raise PinError(
            f"{lake.root}: {table} version {version} cannot be pinned: {len(gone):,} of its data files are gone, "
            f"such as {gone[0]}"
        )
    return made


def unpin(lake: LakeReader, name: str, table: str | None = None, version: int | None = None) -> list[Pin]:
    """Takes away the pins of a name, or those of one table, or of one version; returns them.

    Raises:
        PinError: there is none.
    """
    found = [
        each
        for each in pins(lake)
        if each.name == name and table in (None, each.table) and version in (None, each.version)
    ]
    if not found:
        of_table = f" of {table}" if table else ""
        raise PinError(f"{lake.root}: no pin {name}{of_table}; `tokenlake pin {lake.root} --list` lists all pins")
    for each in found:
        lake.storage.delete(each.file)
    return found


def pins(lake: LakeReader) -> list[Pin]:
    """All pins, by table, version and name.

    Raises:
        UnreadablePinError: the file of one is damaged.
    """
    found = [_read(lake, f"{FOLDER}/{path}") for path in lake.storage.files_below(FOLDER) if path.endswith(".json")]
    return sorted(found, key=lambda each: (each.table, each.version, each.name))


def in_force(lake: LakeReader) -> list[Pin]:
    """The pins of tables that are still those that were pinned, and whose last day has not passed."""
    tables = {each.table for each in pins(lake)}
    identities = {name: lake.identity(name) for name in tables if lake.exists(name)}
    return [each for each in pins(lake) if not each.is_over and identities.get(each.table) == each.table_id]


def pinned(lake: LakeReader) -> Mapping[str, Mapping[int, list[str]]]:
    """table -> version -> names of the pins in force."""
    found: dict[str, dict[int, list[str]]] = {}
    for each in in_force(lake):
        found.setdefault(each.table, {}).setdefault(each.version, []).append(each.name)
    return found


def lost_files(lake: LakeReader, pinned: Pin) -> list[str]:
    """The data files of a pinned version that are gone."""
    there = set(lake.storage.files_below(pinned.table))
    return [file.path for file in lake.files(pinned.table, pinned.version) if file.path not in there]


def _read(lake: LakeReader, file: str) -> Pin:
    try:
        found = Pin(**json.loads(lake.storage.read_text(file) or ""))
        if found.until:
            date.fromisoformat(found.until)
    except (ValueError, TypeError) as error:
        raise UnreadablePinError(
            f"{lake.path(file)}: not the file of a pin ({error}). Delete it, and pin the version again if it is wanted"
        ) from error
    if found.file != file:
        raise UnreadablePinError(f"{lake.path(file)}: holds the pin {found.file}; move it there")
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in containers
        return "unknown"
