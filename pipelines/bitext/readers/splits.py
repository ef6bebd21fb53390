"""Cuts files of pairs into splits, and assigns splits to tasks of about equal work."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.bitext.record import PairFile, PairSplit
from pipelines.readers.record import Split
from pipelines.readers.splits import assign, split


def split_pairs(files: Iterable[PairFile], target_bytes: int) -> list[PairSplit]:
    """Splits of about `target_bytes` of plain TSV files; a file of another kind is one split."""
    found = []
    for each in files:
        if each.format == "tsv" and each.problem is None:
            pieces = split([replace(each.file, format="tsv")], each.config.as_files(), target_bytes)
            found += [PairSplit(each, piece.start, piece.end) for piece in pieces]
        else:
            found.append(PairSplit(each, 0, each.file.size))
    return found


def assign_pairs(splits: Sequence[PairSplit], tasks: int) -> list[list[PairSplit]]:
    """As `pipelines.readers.splits.assign`: at most `tasks` lists, none empty."""
    by_place = {(each.of.file.source, each.of.file.uri, each.start): each for each in splits}
    plain = [Split(each.of.file, each.of.config.as_files(), each.start, each.end) for each in splits]
    return [
        [by_place[one.file.source, one.file.uri, one.start] for one in task] for task in assign(plain, tasks) if task
    ]
