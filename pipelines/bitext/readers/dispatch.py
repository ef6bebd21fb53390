"""Reads a split with the module of its format. Whatever is wrong with a file becomes rejects of this file."""

from collections.abc import Iterator
from importlib import import_module

from pipelines.bitext.record import Pair, PairRecords, PairSplit
from pipelines.readers.record import ReadStatistics, Reason, Reject
from pipelines.readers.storage import reason_of

# Faults of the machine or the installation: they would reject every file, so they end the run, and the next one reads
# the files.
_NOT_OF_THE_FILE = (MemoryError, ImportError)


def read(split: PairSplit, statistics: ReadStatistics | None = None) -> PairRecords:
    """The records of a split, in order of position. Bad input becomes rejects, never an exception.

    Raises:
        MemoryError, ImportError: no file is to blame.
    """
    statistics = statistics if statistics is not None else ReadStatistics()
    before, count, position = statistics.rows, 0, split.start
    try:
        for record in _records(split, statistics):
            yield record
            count, position = count + 1, record.position + 1
    except _NOT_OF_THE_FILE:
        raise
    except Exception as error:
        statistics.rows = before + count + 1  # a reader may have counted a record that it could not make
        yield Reject(position, *reason_of(error))


def _records(split: PairSplit, statistics: ReadStatistics) -> Iterator[Pair | Reject]:
    of = split.of
    if of.problem is not None or of.size == 0:
        statistics.rows += 1
        yield of.problem or Reject(0, Reason.EMPTY, "the file is empty")
        return
    yield from import_module(f"pipelines.bitext.readers.{of.format}").read(split, statistics)
