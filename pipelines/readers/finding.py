"""Lists the files of paths, folders, globs and URLs, without opening any."""

import os
import posixpath
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fsspec.utils import glob_translate

from pipelines.errors import MisuseError
from pipelines.readers.config import SourceConfig
from pipelines.readers.delta import LOG
from pipelines.storage.fsspec_files import file_system
from pipelines.storage.uri import LakeUri, is_local

_GLOB = re.compile(r"[*?\[]")
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


def find(config: SourceConfig, root: str | None = None, never: str | None = None) -> list[Found]:
    """The files that a source names and does not exclude, in order of location.

    Args:
        config: of the source.
        root: folder that relative paths start from; default: `root_of(config)`.
        never: a folder whose files are never input, such as the lake.

    Raises:
        SourceError: a path does not exist, or nothing is left.
    """
    paths = [_normal(path) for path in config.paths]
    root = root_of(config) if root is None else root
    found: dict[str, Found] = {}
    for entry in _entries(config, paths, root, None if never is None else _normal(never)):
        if entry.location not in found or entry.exact:
            found[entry.location] = entry
    excluded = Excluded(config.exclude)
    kept = [entry for entry in found.values() if entry.exact or not excluded(entry.relative)]
    if not kept:
        raise SourceError(f"source {config.name!r}: no file at {', '.join(config.paths)} that is not excluded")
    return sorted(kept, key=lambda entry: entry.location)


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
    roots = [_fixed_part(path) for path in paths]
    if len({LakeUri.parse(root).scheme for root in roots}) > 1:
        raise SourceError(f"source {config.name!r}: paths on different file systems; make one source of each")
    parts = [root.rstrip("/").split("/") for root in roots]
    shared = [names[0] for names in zip(*parts, strict=False) if len(set(names)) == 1]
    return "/".join(shared)


def _fixed_part(path: str) -> str:
    """The folder below which a path or glob names files."""
    if is_local(path):
        if os.path.isdir(path):
            return path
        if os.path.lexists(path):
            return os.path.dirname(path)
        return _existing_part(path)
    elif not _GLOB.search(path):
        files, inner = file_system(path)
        return path.rstrip("/") if _is_bucket(path) or files.isdir(inner) else path.rpartition("/")[0]
    before = path[: match.start()] if (match := _GLOB.search(path)) else path
    return before.rpartition("/")[0]


def _is_bucket(path: str) -> bool:
    """Whether a path is a whole bucket: stores answer in many ways when they are asked for an object without a key."""
    uri = LakeUri.parse(path)
    return uri.is_object and not uri.key


def _existing_part(glob: str) -> str:
    """The folder of a local glob, up to the first name that is a pattern; one that exists as it is written is none."""
    folder = ""
    for name in glob.split("/")[1:-1]:
        if _GLOB.search(name) and not os.path.isdir(f"{folder}/{name}"):
            break
        folder = f"{folder}/{name}"
    return folder


def _relative(location: str, root: str) -> str:
    """The path from the root to a location; it begins with `../` where the location is not below the root."""
    if location == root or location.startswith(root.rstrip("/") + "/"):
        return location[len(root) :].lstrip("/")
    return posixpath.relpath(location, root or "/")


def _entries(config: SourceConfig, paths: list[str], root: str, never: str | None) -> Iterator[Found]:
    globs: dict[str, list[str]] = {}
    for path in paths:
        if never is not None and (path == never or path.startswith(f"{never}/")):
            raise SourceError(f"source {config.name!r}: {path} lies in the lake, whose own files are never input")
        if not is_local(path):
            yield from _remote(path, root, config, never)
        elif os.path.isdir(path):
            yield from _walk(path, root, config, None, never)
        elif os.path.lexists(path):
            yield _stat(path, root, exact=True)
        elif _GLOB.search(path):
            globs.setdefault(_fixed_part(path), []).append(path)
        else:
            raise SourceError(f"source {config.name!r}: {path}: no such file or folder")
    for folder, patterns in globs.items():  # each folder is walked once for all globs
        relative = [glob_translate(path[len(folder) :].lstrip("/")) for path in patterns]
        # a matching folder includes everything in it
        matching = "|".join(pattern.removesuffix(r"\Z").removesuffix(r"\z") + r"(?:/.*)?\Z" for pattern in relative)
        yield from _walk(folder, root, config, re.compile(matching, re.DOTALL), never)


def _walk(
    folder: str, root: str, config: SourceConfig, matching: re.Pattern[str] | None, never: str | None
) -> Iterator[Found]:
    """Files below a folder, but not those of the folder `never`. Follows links, but no cycles."""
    waiting: list[tuple[str, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
    skipped = _identity(never) if never is not None and is_local(never) else None
    while waiting:
        here, above = waiting.pop()
        try:
            status = os.stat(here)
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            yield Found(here, _relative(here, root), problem=f"folder cannot be listed: {error.strerror}")
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in above or identity == skipped:
            continue
        if config.format in ("auto", "delta", "parquet") and any(entry.name == LOG for entry in entries):
            if matching is None or _names_some(matching, here, folder):
                yield Found(here, _relative(here, root), table=True)
            continue
        for entry in entries:
            if entry.is_dir():
                waiting.append((entry.path, above | {identity}))
            elif matching is None or matching.match(_relative(entry.path, folder)):
                yield _stat(entry.path, root)


def _identity(folder: str) -> tuple[int, int] | None:
    """The folder's device and inode; None when it does not exist."""
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _names_some(matching: re.Pattern[str], table: str, folder: str) -> bool:
    """Whether a pattern, which is relative to `folder`, names some data file of a Delta table."""
    return any(
        matching.match(_relative(f"{here}/{name}", folder))
        for here, _, names in os.walk(table)
        if LOG not in here.split("/")
        for name in names
    )


def _stat(path: str, root: str, exact: bool = False) -> Found:
    relative = _relative(path, root)
    try:
        status = os.stat(path)
    except OSError as error:
        return Found(path, relative, problem=error.strerror or str(error), exact=exact)
    if not stat.S_ISREG(status.st_mode):
        return Found(path, relative, problem="not a regular file", exact=exact)
    return Found(path, relative, status.st_size, str(status.st_mtime_ns), exact=exact)


def _remote(path: str, root: str, config: SourceConfig, never: str | None) -> Iterator[Found]:
    files, inner = file_system(path)
    named = not _GLOB.search(path) and not _is_bucket(path)
    if named and not files.exists(inner):
        raise SourceError(f"source {config.name!r}: {path}: no such file or folder")
    exact = named and files.isfile(inner)
    if exact:
        listed = {inner: files.info(inner)}
    elif _GLOB.search(path):
        listed = {}
        for name, info in files.glob(inner, detail=True).items():
            listed |= {name: info} if info["type"] == "file" else files.find(name, detail=True)
    else:
        listed = files.find(inner, detail=True)
    if never is not None and not is_local(never):
        lake = file_system(never)[1].rstrip("/") + "/"
        listed = {name: info for name, info in listed.items() if not name.startswith(lake)}
    tables = {name.partition(f"/{LOG}/")[0] for name in listed if f"/{LOG}/" in name}
    if config.format in ("auto", "delta", "parquet"):
        for table in sorted(tables):
            location = files.unstrip_protocol(table)
            yield Found(location, _relative(location, root), table=True)
        listed = {n: i for n, i in listed.items() if not any(n.startswith(table + "/") for table in tables)}
    for name, info in listed.items():
        location = files.unstrip_protocol(name)
        yield Found(location, _relative(location, root), int(info.get("size") or 0), _version(info), exact=exact)


def _version(info: dict[str, Any]) -> str:
    return next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")
