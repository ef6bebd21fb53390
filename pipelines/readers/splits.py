"""Cuts files into splits, and assigns splits to tasks of about equal work."""

import heapq
from collections.abc import Iterable, Sequence
from itertools import pairwise

from pipelines.readers.config import SourceConfig
from pipelines.readers.record import InputFile, Split

_EXPANSION = 4  # assumed compression ratio of text
_OPENING = 32 << 10  # bytes read in the time that opening a file takes


def is_splittable(file: InputFile, config: SourceConfig) -> bool:
    """Whether several tasks may read one file, each from a byte offset of its own."""
    if file.member >= 0 or file.problem is not None:
        return False
    if file.format == "warc":
        return bool(file.codec)
    if file.codec:
        return False
    if file.format == "csv" or (file.format == "tsv" and config.quoting):
        return not config.multiline or config.quoting is False
    if file.format == "text":
        return config.unit != "document"
    return file.format in ("jsonl", "json", "parquet", "delta", "tsv")


def split(files: Iterable[InputFile], config: SourceConfig, target_bytes: int) -> list[Split]:
    """Splits of about `target_bytes` that cover every file: together they read every record once."""
    splits = []
    for file in files:
        pieces = max(1, -(-file.size // target_bytes)) if is_splittable(file, config) else 1
        bounds = [number * file.size // pieces for number in range(pieces + 1)]
        splits += [Split(file, config, start, end) for start, end in pairwise(bounds)]
    return splits


def assign(splits: Sequence[Split], tasks: int) -> list[list[Split]]:
    """Assigns splits to at most `tasks` lists, the largest first, each to the least loaded list (Graham 1969).

    Depends on the splits only, not on their order. Each list is in order of uri and offset; none is empty.
    """
    ordered = sorted(splits, key=lambda split: (-_cost(split), split.file.uri, split.start))
    loads = [(0, number) for number in range(max(1, min(tasks, len(splits))))]
    lists: list[list[Split]] = [[] for _ in loads]
    for piece in ordered:
        load, number = heapq.heappop(loads)
        lists[number].append(piece)
        heapq.heappush(loads, (load + _cost(piece), number))
    return [sorted(task, key=lambda split: (split.file.uri, split.start)) for task in lists if task]


def _cost(split: Split) -> int:
    return (split.end - split.start) * (_EXPANSION if split.file.codec else 1) + _OPENING
