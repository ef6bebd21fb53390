"""Paths with wildcards, and with `{date}`, which stands for a day written YYYY-MM-DD."""

import os
import posixpath
import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from fsspec.utils import glob_translate

from pipelines.storage.fsspec_files import file_system
from pipelines.storage.uri import LakeUri, is_local

DATE = "{date}"
"""What stands for the day in a path; it may stand there several times, then always for the same day."""

_PATTERN = re.compile(r"[*?\[]|\{date\}")
_ANY_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_WRITTEN_DAY = re.compile(r"(?=(\d{4}-\d\d-\d\d))", re.ASCII)


def is_pattern(path: str) -> bool:
    """Whether a path holds characters that stand for others."""
    return bool(_PATTERN.search(path))


@dataclass(frozen=True)
class PathPattern:
    """The files that a path names. A folder that it names includes everything in it."""

    folder: str  # all files are below it
    glob: str  # below the folder
    day: date | None = None  # that `{date}` stands for; None: any

    @staticmethod
    def of(path: str, day: date | None = None) -> "PathPattern":
        """Of a path in its one spelling."""
        folder = fixed_part(path)
        return PathPattern(folder, path[len(folder) :].lstrip("/"), day)

    @property
    def is_dated(self) -> bool:
        """Whether it holds `{date}`."""
        return DATE in self.glob

    def names(self, location: str) -> bool:
        """Whether it names a file. Without a day it names what it names on all days together."""
        relative = relative_to(location, self.folder)
        if not self.is_dated:
            return bool(_compiled(self.glob).match(relative))
        days = [self.day.isoformat()] if self.day else _days_in(relative)
        return any(_compiled(self.glob.replace(DATE, day)).match(relative) for day in days)

    def may_hold(self, folder: str) -> bool:
        """Whether files that it names can lie below a folder: the names of the folders down to it fit."""
        wanted = self._with_wildcards.split("/")
        for name, glob in zip(relative_to(folder, self.folder).split("/"), wanted, strict=False):
            if glob == "**":
                return True
            if not _compiled(glob).match(name):
                return False
        return True

    @property
    def for_fsspec(self) -> str:
        """The whole path with wildcards alone. Without a day it names more than `names`: digits that are no day."""
        return f"{self.folder}/{self._with_wildcards}"

    @property
    def _with_wildcards(self) -> str:
        return self.glob.replace(DATE, self.day.isoformat() if self.day else _ANY_DAY)


def fixed_part(path: str) -> str:
    """The folder below which a path or pattern names files."""
    if is_local(path):
        if DATE not in path and os.path.isdir(path):
            return path
        if DATE not in path and os.path.lexists(path):
            return os.path.dirname(path)
        return _existing_part(path)
    match = _PATTERN.search(path)
    if match is None:
        files, inner = file_system(path)
        return path.rstrip("/") if is_bucket(path) or files.isdir(inner) else path.rpartition("/")[0]
    return path[: match.start()].rpartition("/")[0]


def is_bucket(path: str) -> bool:
    """Whether a path is a whole bucket: stores answer in many ways when they are asked for an object without a key."""
    uri = LakeUri.parse(path)
    return uri.is_object and not uri.key


def relative_to(location: str, root: str) -> str:
    """The path from the root to a location; it begins with `../` where the location is not below the root."""
    if location == root or location.startswith(root.rstrip("/") + "/"):
        return location[len(root) :].lstrip("/")
    return posixpath.relpath(location, root or "/")


def _existing_part(pattern: str) -> str:
    """The folder of a local pattern, up to the first name that stands for others; one that exists as it is written
    does not, unless it holds `{date}`."""
    folder = ""
    for name in pattern.split("/")[1:-1]:
        if DATE in name or (is_pattern(name) and not os.path.isdir(f"{folder}/{name}")):
            break
        folder = f"{folder}/{name}"
    return folder


def _days_in(text: str) -> list[str]:
    """All days that are written in a text, each once."""
    return [written for written in dict.fromkeys(_WRITTEN_DAY.findall(text)) if _is_day(written)]


def _is_day(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:  # 2026-02-30
        return False
    return True


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    """Matches what a glob names, and everything below it."""
    matching = glob_translate(glob).removesuffix(r"\Z").removesuffix(r"\z")
    return re.compile(matching + r"(?:/.*)?\Z", re.DOTALL)
