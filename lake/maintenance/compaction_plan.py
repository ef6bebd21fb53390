"""Which data files of a table to put together, decided by their sizes alone.

Files are read in the order of their names, and rows must stay in order, so only neighbours are put together. A group
must be worth it: at least `FEWEST` files, of which none holds more than half of the bytes. The file in which a byte
lies is thus at least twice as large each time the byte is written again, so that happens at most log2(target / size of
its first file) times, however often upkeep runs. (Size-tiered compaction of log-structured merge trees works by the
same rule.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from lake.data_files import DataFile
from lake.parquet_writer import is_ours

TARGET = 256 << 20
"""Bytes that a file made of others has at most."""

FEWEST = 8
"""A group has no fewer files: each costs a reader one more request, so a few do no harm."""


@dataclass(frozen=True)
class Rules:
    """When files are put together."""

    target: int = TARGET  # bytes; files of half of it stay as they are
    fewest: int = FEWEST
    largest: float = 0.5  # the part of a group's bytes that one file may hold


def groups(files: Sequence[DataFile], rules: Rules) -> list[list[DataFile]]:
    """The groups of files to put together, each in the order of reading; `files` are sorted by path.

    Files that another program wrote stay as they are, and so do those whose rows the log does not count.
    """
    found: list[list[DataFile]] = []
    for (_, small), run in groupby(files, lambda file: (sorted(file.partition.items()), _is_small(file, rules))):
        if small:
            for window in _windows(run, rules.target):
                found.extend(_worthwhile(window, rules))
    return found


def _is_small(file: DataFile, rules: Rules) -> bool:
    return file.size < rules.target / 2 and file.rows >= 0 and is_ours(file.path)


def _windows(files: Iterator[DataFile], target: int) -> Iterator[list[DataFile]]:
    """Neighbours of at most `target` bytes in all."""
    window: list[DataFile] = []
    size = 0
    for file in files:
        if window and size + file.size > target:
            yield window
            window, size = [], 0
        window.append(file)
        size += file.size
    if window:
        yield window


def _worthwhile(window: list[DataFile], rules: Rules) -> Iterator[list[DataFile]]:
    """The window if it is worth it; else, if its largest file is too large, what is worth it on both sides of that."""
    if len(window) < rules.fewest:
        return
    largest = max(range(len(window)), key=lambda place: window[place].size)
    if window[largest].size <= rules.largest * sum(file.size for file in window):
        yield window
        return
    yield from _worthwhile(window[:largest], rules)
    yield from _worthwhile(window[largest + 1 :], rules)
