"""Lists the files of paths, folders, globs and URLs, without opening any."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fsspec.utils import glob_translate

from pipelines.errors import MisuseError
from pipelines.readers.config import SourceConfig
from pipelines.readers.delta import LOG
from pipelines.readers.path_patterns import DATE, PathPattern, fixed_part, is_bucket, is_pattern, relative_to
from pipelines.storage.fsspec_files import file_system
from pipelines.storage.uri import LakeUri, is_local

_VERSION_KEYS = ("ETag", "etag", "e_tag", "mtime", "LastModified", "last_modified", "updated", "generation")


class SourceError(MisuseError, ValueError):
    """A source without files, or whose files cannot be listed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or the folder of a Delta table."""

    location: str  # path or URL to open
    relative: str  # below the root
    size: int = 0
    version: str = ""  # ETag or time of change
    table: bool = False
    problem: str = ""  # why it cannot be read
    exact: bool = False  # the source names this file itself
    within: tuple[PathPattern, ...] = ()  # of a table: only files that one of these names; none: all files


def find(
    config: SourceConfig, root: str | None = None, never: str | None = None, day: date | None = None
) -> list[Found]:
    """The files that a source names and does not exclude, in order of location.

    Args:
        config: of the source.
        root: folder that relative paths start from; default: `root_of(config)`.
        never: a folder whose files are never input, such as the lake.
        day: only files that a path with `{date}` names on this day. There may be none.

    Raises:
        SourceError: a path does not exist, or nothing is left.
    """
    paths = [_normal(path) for path in config.paths if day is None or DATE in path]
    root = root_of(config) if root is None else root
    found: dict[str, Found] = {}
    for entry in _entries(config, paths, root, None if never is None else _normal(never), day):
        if entry.location not in found or entry.exact:
            found[entry.location] = entry
    excluded = Excluded(config.exclude)
    kept = [entry for entry in found.values() if entry.exact or not excluded(entry.relative)]
    if not kept and day is None:
        raise SourceError(f"source {config.name!r}: no file at {', '.join(config.paths)} that is not excluded")
    return sorted(kept, key=lambda entry: entry.location)


class OfDay:
    """Whether the paths with `{date}` of a source name a location on a day."""

    def __init__(self, config: SourceConfig, day: date) -> None:
        self._patterns = [PathPattern.of(_normal(path), day) for path in config.paths if DATE in path]

    def __call__(self, location: str) -> bool:
        return any(pattern.names(location) for pattern in self._patterns)


class Excluded:
    """Whether a path below the root is excluded. Patterns without a slash are for names at any depth."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._names = [re.compile(glob_translate(pattern)) for pattern in patterns if "/" not in pattern]
        self._paths = [re.compile(glob_translate(pattern)) for pattern in patterns if "/" in pattern]

    def __call__(self, relative: str) -> bool:
        while relative.startswith("../"):  # where a source was extended beyond its root: no hidden folder
            relative = relative[3:]
        name = relative.rpartition("/")[2]
        return any(p.match(name) for p in self._names) or any(p.match(relative) for p in self._paths)


def _normal(path: str) -> str:
    """The path in the form in which the locations of its files begin."""
    uri = LakeUri.parse(path)
    if uri.is_local or uri.is_object:
        return str(uri)
    files, inner = file_system(path)
    return str(files.unstrip_protocol(inner))


def root_of(config: SourceConfig) -> str:
    """The folder that relative paths start from, so that ids do not depend on where a source is mounted.

    Raises:
        SourceError: the paths are on different file systems.
    """
    paths = [_normal(path) for path in config.paths]
    if config.root is not None:
        return _normal(config.root).rstrip("/")
    roots = [fixed_part(path) for path in paths]
    if len({LakeUri.parse(root).scheme for root in roots}) > 1:
        raise SourceError(f"source {config.name!r}: paths on different file systems; make one source of each")
    parts = [root.rstrip("/").split("/") for root in roots]
    shared = [names[0] for names in zip(*parts, strict=False) if len(set(names)) == 1]
    return "/".join(shared)


def _entries(
    config: SourceConfig, paths: list[str], root: str, never: str | None, day: date | None
) -> Iterator[Found]:
    patterns: dict[str, list[PathPattern]] = {}
    for path in paths:
        if never is not None and (path == never or path.startswith(f"{never}/")):
            raise SourceError(f"source {config.name!r}: {path} lies in the lake, whose own files are never input")
        if not is_local(path):
            yield from _remote(path, root, config, never, day)
        elif DATE not in path and os.path.isdir(path):
            yield from _walk(path, root, config, (), never)
        elif DATE not in path and os.path.lexists(path):
            yield _stat(path, root, exact=True)
        elif is_pattern(path):
            pattern = PathPattern.of(path, day)
            patterns.setdefault(pattern.folder, []).append(pattern)
        else:
            raise SourceError(f"source {config.name!r}: {path}: no such file or folder")
    for folder, several in patterns.items():  # each folder is walked once for all patterns
        yield from _walk(folder, root, config, several, never)


def _walk(
    folder: str, root: str, config: SourceConfig, patterns: Sequence[PathPattern], never: str | None
) -> Iterator[Found]:
    """Files below a folder, if there are patterns those that one of them names, but not those of the folder `never`.

    Follows links, but no cycles.
    """
    dated = all(pattern.is_dated for pattern in patterns)
    waiting: list[tuple[str, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    skipped = _identity(never) if never is not None and is_local(never) else None
    while waiting:
        here, above = waiting.pop()
        try:
            status = os.stat(here)
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            yield Found(here, relative_to(here, root), problem=f"folder cannot be listed: {error.strerror}")
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in above or identity == skipped:
            continue
        if config.format in ("auto", "delta", "parquet") and any(entry.name == LOG for entry in entries):
            if not patterns or _names_some(patterns, here):
                within = () if _is_named(patterns, here) or not dated else tuple(patterns)
                yield Found(here, relative_to(here, root), table=True, within=within)
            continue
        for entry in entries:
            if entry.is_dir():
                if not patterns or any(pattern.may_hold(entry.path) for pattern in patterns):
                    waiting.append((entry.path, above | {identity}))
            elif not patterns or _is_named(patterns, entry.path):
                yield _stat(entry.path, root)


def _is_named(patterns: Sequence[PathPattern], location: str) -> bool:
    return any(pattern.names(location) for pattern in patterns)


def _identity(folder: str) -> tuple[int, int] | None:
    """The folder's device and inode; None when it does not exist."""
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _names_some(patterns: Sequence[PathPattern], table: str) -> bool:
    """Whether a pattern names some data file of a Delta table."""
    return any(
        _is_named(patterns, f"{here}/{name}")
        for here, _, names in os.walk(table)
        if LOG not in here.split("/")
        for name in names
    )


def _stat(path: str, root: str, exact: bool = False) -> Found:
    relative = relative_to(path, root)
    try:
        status = os.stat(path)
    except OSError as error:
        return Found(path, relative, problem=error.strerror or str(error), exact=exact)
    if not stat.S_ISREG(status.st_mode):
        return Found(path, relative, problem="not a regular file", exact=exact)
    return Found(path, relative, status.st_size, str(status.st_mtime_ns), exact=exact)


def _remote(path: str, root: str, config: SourceConfig, never: str | None, day: date | None) -> Iterator[Found]:
    files, inner = file_system(path)
    named = not is_pattern(path) and not is_bucket(path)
    if named and not files.exists(inner):
        raise SourceError(f"source {config.name!r}: {path}: no such file or folder")
    exact = named and files.isfile(inner)
    if exact:
        listed = {inner: files.info(inner)}
    elif is_pattern(path):
        listed = _matching(files, PathPattern.of(path, day))
    else:
        listed = files.find(inner, detail=True)
    if never is not None and not is_local(never):
        lake = file_system(never)[1].rstrip("/") + "/"
        listed = {name: info for name, info in listed.items() if not name.startswith(lake)}
    tables = {name.partition(f"/{LOG}/")[0] for name in listed if f"/{LOG}/" in name}
    if config.format in ("auto", "delta", "parquet"):
        for table in sorted(tables):
            location = files.unstrip_protocol(table)
            yield Found(location, relative_to(location, root), table=True)
        listed = {n: i for n, i in listed.items() if not any(n.startswith(table + "/") for table in tables)}
    for name, info in listed.items():
        location = files.unstrip_protocol(name)
        yield Found(location, relative_to(location, root), int(info.get("size") or 0), _version(info), exact=exact)


def _matching(files: Any, pattern: PathPattern) -> dict[str, Any]:
    """Name -> what the store says of it, of the files that a pattern names."""
    listed: dict[str, Any] = {}
    for name, info in files.glob(file_system(pattern.for_fsspec)[1], detail=True).items():
        listed |= {name: info} if info["type"] == "file" else files.find(name, detail=True)
    return {name: info for name, info in listed.items() if pattern.names(files.unstrip_protocol(name))}


def _version(info: dict[str, Any]) -> str:
    return next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")
