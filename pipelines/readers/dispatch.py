"""Reads a split with the module of its format. Whatever is wrong with a file becomes rejects of this file."""

from dataclasses import replace
from importlib import import_module

from pipelines.readers.formats import by_name
from pipelines.readers.meta import of_partition
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split
from pipelines.readers.storage import ReadError


def read(split: Split, statistics: ReadStatistics | None = None) -> Records:
    """The records of a split, in order of position. Bad input becomes rejects, never an exception."""
    statistics = statistics if statistics is not None else ReadStatistics()
    file = split.file
    if file.problem is not None or file.size == 0:
        statistics.rows += 1
        yield file.problem or Reject(0, Reason.EMPTY, "the file is empty")
        return
    module = import_module(f"pipelines.readers.{by_name(file.format).module}")
    position, beside = split.start, of_partition(split)
    try:
        for record in module.read(split, statistics):
            position = record.position + 1
            if beside and isinstance(record, Document):  # what the record says of itself wins
                record = replace(record, meta={**beside, **record.meta})
            yield record
    except ReadError as error:
        statistics.rows += 1
        yield Reject(position, error.reason, error.detail)
