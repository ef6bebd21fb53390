"""Two files whose lines with the same number are translations of each other, as Moses and OPUS have them.

A position is the number of the line, from 0. If one file has more lines than the other, nobody knows which line lost
its translation: every pair behind it would be wrong. So such a corpus is one reject, which names both files.
"""

from collections.abc import Iterator
from itertools import zip_longest

from pipelines.bitext.record import Pair, PairFile, PairRecords, PairSplit, pair, rejected
from pipelines.readers.line_reader import Line, Text
from pipelines.readers.record import InputFile, ReadStatistics, Reason, Reject, Split
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import Decoded, EncodingError


def read(split: PairSplit, statistics: ReadStatistics) -> PairRecords:
    """The pairs of two files, after one pass that counts the lines of each.

    Raises:
        ReadError: a file cannot be opened.
    """
    of = split.of
    assert of.beside is not None
    counts = []
    for file in (of.file, of.beside):
        counted = _count(file, of, statistics)
        if isinstance(counted, Reject):
            statistics.rows += 1
            yield counted
            return
        counts.append(counted)
    if counts[0] != counts[1]:
        statistics.rows += 1
        detail = f"{of.file.path} has {counts[0]:,} lines, {of.beside.path} has {counts[1]:,}: they are not aligned"
        yield rejected(0, Reason.UNALIGNED, detail)
        return
    yield from _pairs(of, of.beside, statistics)


def _whole(file: InputFile, of: PairFile) -> Split:
    return Split(file, of.config.as_files(), 0, file.size)


def _count(file: InputFile, of: PairFile, statistics: ReadStatistics) -> int | Reject:
    """The number of lines, or the reject of both files: behind damage, nobody knows how many lines are lost."""
    number = 0
    with open_source(file, statistics) as source:
        for line in Text(source, _whole(file, of)).lines(0):
            if line.problem not in (None, Reason.OVERSIZED):
                return rejected(0, line.problem, f"{file.path}, line {number + 1:,}: {line.detail}", line.data)
            number += 1
    return number


def _pairs(of: PairFile, beside: InputFile, statistics: ReadStatistics) -> Iterator[Pair | Reject]:
    with open_source(of.file, statistics) as left, open_source(beside, statistics) as right:
        texts = Text(left, _whole(of.file, of)), Text(right, _whole(beside, of))
        lines = zip_longest(texts[0].lines(0), texts[1].lines(0))
        for number, (source, target) in enumerate(lines):
            statistics.rows += 1
            if source is None or target is None:
                detail = f"{of.file.path} or {beside.path} changed while it was read: their lines no longer match"
                yield rejected(number, Reason.CHANGED, detail)
                return
            yield _pair(number, (source, target), texts)


def _pair(number: int, lines: tuple[Line, Line], texts: tuple[Text, Text]) -> Pair | Reject:
    decoded: list[Decoded] = []
    for side, line, text in zip(("source", "target"), lines, texts, strict=True):
        if line.problem is not None:
            return rejected(number, line.problem, f"{side}: {line.detail}", line.data)
        try:
            decoded.append(text.decode(line.data))
        except EncodingError as error:
            return rejected(number, Reason.ENCODING, f"{side}: {error}", line.data)
    source, target = (each.text.rstrip("\r") for each in decoded)
    meta = {
        f"{side}_{k}": v for side, d in zip(("source", "target"), decoded, strict=True) for k, v in d.meta().items()
    }
    return pair(number, source, target, meta, lines[0].data + b"\t" + lines[1].data)
