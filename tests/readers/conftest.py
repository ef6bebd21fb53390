"""Reading bytes as a user's file would be read: listed, split, read, checked for what must hold of every reading."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.record import Document, ReadStatistics, Reject
from pipelines.readers.splits import split

WHOLE = 1 << 40


@dataclass(frozen=True)
class Reading:
    """Everything read from the files of one source."""

    records: list[Document | Reject]
    skipped: Counter

    @property
    def documents(self) -> list[Document]:
        return [record for record in self.records if isinstance(record, Document)]

    @property
    def rejects(self) -> list[Reject]:
        return [record for record in self.records if isinstance(record, Reject)]

    @property
    def texts(self) -> list[str]:
        return [document.text for document in self.documents]

    @property
    def reasons(self) -> list[str]:
        return [reject.reason.value for reject in self.rejects]

    def one_reject(self) -> Reject:
        (reject,) = self.rejects
        return reject


def read_source(config: SourceConfig, target_bytes: int = WHOLE) -> Reading:
    records, statistics = [], ReadStatistics()
    for file in list_files(config):
        of_file = []
        for piece in split([file], config, target_bytes):
            of_file += read(piece, statistics)
        positions = [record.position for record in of_file]
        assert positions == sorted(set(positions)), "positions ascend, and none is used twice"
        assert all(len(record.sample) <= 256 for record in of_file if isinstance(record, Reject))
        records += of_file
    assert statistics.rows == len(records), "rows counted = documents + rejects"
    return Reading(records, statistics.skipped)


@pytest.fixture(scope="session")
def read_bytes(tmp_path_factory) -> Callable[..., Reading]:
    """`read_bytes(content, name, split_bytes, **options of the source)`."""
    folder = tmp_path_factory.mktemp("inputs")
    numbers = itertools.count()

    def read_bytes(content: bytes, name: str, split_bytes: int = WHOLE, **options) -> Reading:
        path = folder / str(next(numbers)) / name
        path.parent.mkdir()
        path.write_bytes(content)
        reading = read_source(SourceConfig(name="test", path=str(path), **options), split_bytes)
        path.unlink()
        return reading

    return read_bytes


@pytest.fixture(scope="session")
def read_config() -> Callable[..., Reading]:
    """`read_config(config, split_bytes)`."""
    return read_source
