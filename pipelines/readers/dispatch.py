"""Reads a split with the module of its format. Whatever is wrong with a file becomes rejects of this file."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

from pipelines.extraction.extractors import ExtractorMissingError
from pipelines.readers.formats import by_name
from pipelines.readers.meta import of_partition
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split
from pipelines.readers.storage import reason_of

# Faults of the machine or the installation: they would reject every file, so they end the run, and the next one reads
# the files.
_NOT_OF_THE_FILE = (MemoryError, ImportError, ExtractorMissingError)


def read(split: Split, statistics: ReadStatistics | None = None) -> Records:
    """The records of a split, in order of position. Bad input becomes rejects, never an exception.

    Raises:
        MemoryError, ImportError, ExtractorMissingError: no file is to blame.
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


def _records(split: Split, statistics: ReadStatistics) -> Iterator[Document | Reject]:
    file = split.file
    if file.problem is not None or file.size == 0:
        statistics.rows += 1
        yield file.problem or Reject(0, Reason.EMPTY, "the file is empty")
        return
    module = import_module(f"pipelines.readers.{by_name(file.format).module}")
    beside = of_partition(split)
    for record in module.read(split, statistics):
        if beside and isinstance(record, Document):  # what the record says of itself wins
            record = replace(record, meta={**beside, **record.meta})
        yield record
