"""Files of sentence pairs as tests write them, and what the readers make of them."""

from pathlib import Path

from pipelines.bitext.config import PairSourceConfig
from pipelines.bitext.readers.dispatch import read
from pipelines.bitext.readers.listing import list_pair_files
from pipelines.bitext.readers.splits import split_pairs
from pipelines.bitext.record import Pair
from pipelines.readers.record import ReadStatistics


def source(path, languages=("en", "de"), **settings) -> PairSourceConfig:
    paths = tuple(map(str, path)) if isinstance(path, list) else str(path)
    return PairSourceConfig(name="test", path=paths, languages=languages, **settings)


def records(config: PairSourceConfig, split_bytes: int = 1 << 20) -> list:
    """All records of a source; the readers have counted as many."""
    statistics = ReadStatistics()
    found = [
        record for split in split_pairs(list_pair_files(config), split_bytes) for record in read(split, statistics)
    ]
    assert statistics.rows == len(found)
    return found


def pairs(config: PairSourceConfig, split_bytes: int = 1 << 20) -> list[tuple[str, str]]:
    return [(each.source, each.target) for each in records(config, split_bytes) if isinstance(each, Pair)]


def rejects(config: PairSourceConfig) -> list:
    return [each for each in records(config) if not isinstance(each, Pair)]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
