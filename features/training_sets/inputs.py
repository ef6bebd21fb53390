"""What a training set is asked to be, and the versions and content of what it is made from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from features.training_sets.entity_file import files_of
from features.training_sets.specification import Specification
from lake.lake import Lake
from pipelines.errors import MisuseError


class VersionError(MisuseError, ValueError):
    """A version is asked for that a table does not have."""


@dataclass(frozen=True)
class Request:
    """A training set that is wanted."""

    name: str
    specification: Specification
    entities: str  # a table of the lake, else the path of a file
    versions: Mapping[str, int]  # view or entity table -> version to read; of all others, the newest
    plan: str  # fingerprint of the plan that the specification is from

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"training_set_{self.name}"


@dataclass(frozen=True)
class Inputs:
    """What a training set is made from."""

    versions: Mapping[str, int]  # tables that exist -> version to read
    missing: tuple[str, ...]  # views without a table: nothing is found in them
    content: str  # hash of the file of entity rows; empty if they are a table


def inputs_of(lake: Lake, request: Request) -> Inputs:
    """Looks up versions in the lake, and the content of a file.

    Raises:
        MissingPathError: no table and no file has the name of the entities.
        VersionError: a version is asked for that does not exist, or of something that is not read.
    """
    tables = {source.view.name: source.table for source in request.specification.sources}
    if "/" not in request.entities and lake.exists(request.entities):
        tables[request.entities] = request.entities
        content = ""
    else:
        content = _content(Path(request.entities))
    for name in request.versions.keys() - tables.keys():
        raise VersionError(f"--version {name}: not read for this training set, which reads {', '.join(tables)}")
    versions = {name: _version(lake, name, table, request.versions) for name, table in tables.items()}
    missing = tuple(name for name, version in versions.items() if version < 0)
    return Inputs({tables[name]: version for name, version in versions.items() if version >= 0}, missing, content)


def _version(lake: Lake, name: str, table: str, wanted: Mapping[str, int]) -> int:
    newest = lake.version(table)
    version = wanted.get(name, newest)
    if version != newest and not (0 <= version < newest and lake.has_version(table, version)):
        there = f"the newest of {table} is {newest}" if newest >= 0 else f"there is no table {table}"
        raise VersionError(f"--version {name}={version}: no such version; {there}")
    return version


def _content(path: Path) -> str:
    """16 hex digits of a file's bytes; of a folder, of its files'."""
    digest = hashlib.blake2b(digest_size=8)
    for file in files_of(path):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "blake2b").digest())
    return digest.hexdigest()
