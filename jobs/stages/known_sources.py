"""What the lake remembers of its sources (table `inputs`), and where a source lies now.

docs/explanation/identity.md states the rules.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lake.lake import Lake
from pipelines.readers.config import SourceConfig
from pipelines.readers.finding import root_of
from pipelines.storage.fsspec_files import file_system
from pipelines.storage.uri import canonical, is_local
from pipelines.tables import INPUTS

_SAMPLE = 16  # files of a source to look for where they lay


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The last reading of a file."""

    path: str
    uri: str
    root: str
    size: int  # bytes
    fingerprint: str
    stamp: str
    settings: str
    retry: bool
    documents: int
    rejects: int


@dataclass(frozen=True)
class KnownSource:
    """A source as the lake remembers it; `root` is that of its latest reading."""

    name: str
    root: str
    files: Mapping[str, KnownFile] = field(default_factory=dict)  # by path

    def is_there(self) -> bool:
        """Whether some of its files still lie where they were read."""
        return any(_exists(file.uri) for file in self._sample())

    def looks_like(self, root: str) -> bool:
        """Whether most of its files lie below another root, with the same sizes."""
        sample = self._sample()
        sizes = [(_size(f"{root}/{_container(file.path)}"), file) for file in sample]
        same = [size for size, file in sizes if size is not None and ("!/" in file.path or size == file.size)]
        return 2 * len(same) > len(sample)

    def _sample(self) -> list[KnownFile]:
        latest = [file for file in self.files.values() if file.root == self.root]
        return latest[:: max(1, len(latest) // _SAMPLE)]


def known_sources(lake: Lake) -> dict[str, KnownSource]:
    """All sources that were ever read into the lake, by name."""
    if not lake.exists(INPUTS.name):
        return {}
    names = list(KnownFile.__slots__)
    rows = lake.read_here(INPUTS.name, ["source", "recorded_at", *names]).to_pylist()
    files: dict[str, dict[str, KnownFile]] = {}
    for row in sorted(rows, key=lambda row: row["recorded_at"]):
        file = KnownFile(**{name: row[name] for name in names})
        files.setdefault(row["source"], {})[file.path] = file
    return {name: KnownSource(name, list(found.values())[-1].root, found) for name, found in files.items()}


def root_now(config: SourceConfig, known: KnownSource | None) -> str:
    """The root from which the paths of a source count in this run."""
    root = root_of(config)
    if known is None or config.root is not None or _is_same(known.root, root):
        return root if known is None or config.root is not None else known.root
    if not known.is_there():
        return root  # moved
    return known.root if _is_within(root, known.root) or _is_within(known.root, root) else root


def is_elsewhere(known: KnownSource, root: str) -> bool:
    """Whether the source still lies in another folder than `root`, so that there are two of its name."""
    return not _is_same(known.root, root) and known.is_there()


def name_of_input(path: str, root: str, known: Mapping[str, KnownSource], taken: Iterable[str]) -> str:
    """The name of a source that is given by its path: `docs`, or `docs-2` where `docs` is another folder.

    A source keeps its name in later runs, and when its folder moves or is renamed.
    """
    whole = canonical(path)
    stem = whole.rstrip("/").rpartition("/")[2] or "input"
    used = set(taken)
    names = [name for n in range(1, 10_000) if (name := stem if n == 1 else f"{stem}-{n}") not in used]
    named = [known[name] for name in names if name in known]
    others = [source for name, source in known.items() if name not in used and source not in named]
    here = (each for each in named if _is_same(each.root, root))
    moved = (each for each in (*named, *others) if not each.is_there() and each.looks_like(root))
    found = next(here, None) or next(moved, None)
    return found.name if found else next(name for name in names if name not in known)


def _is_same(one: str, other: str) -> bool:
    if one == other or not (is_local(one) and is_local(other)):
        return one == other
    try:
        return os.path.samefile(one or "/", other or "/")
    except OSError:
        return False


def _is_within(inner: str, outer: str) -> bool:
    return inner.startswith(outer.rstrip("/") + "/")


def _container(location: str) -> str:
    """The physical file: the archive of a member."""
    return location.partition("!/")[0]


def _exists(uri: str) -> bool:
    location = _container(uri)
    if is_local(location):
        return os.path.lexists(location)
    try:
        files, path = file_system(location)
        return bool(files.exists(path))
    except Exception:  # storage that cannot be asked: whether the source moved stays open, so it counts as there
        return True


def _size(location: str) -> int | None:
    """Bytes of a file; None where there is none, or its storage does not say."""
    try:
        if is_local(location):
            return os.path.getsize(location)
        files, path = file_system(location)
        return int(files.size(path))
    except Exception:  # fsspec's file systems raise many kinds
        return None
