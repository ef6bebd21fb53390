"""Reads sentence pairs from a file, line by line; what is no pair is counted, by reason."""

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa

from features.computation.config import BitextConfig
from features.computation.input_file import InputFile, InputFileError
from features.computation.reading import Reading
from features.computation.times import time_of
from pipelines.tables import TIMESTAMP

LINES = pa.schema(
    [
        ("source_language", pa.string()),
        ("target_language", pa.string()),
        ("both_directions", pa.bool_()),
        ("source", pa.string()),
        ("target", pa.string()),
        ("seen", TIMESTAMP),
    ]
)
"""A pair as it stands in a file, whether its target is a source too, and when it was seen."""

_BATCH = 10_000  # lines


def read_lines(file: InputFile, config: BitextConfig, reading: Reading) -> Iterator[pa.RecordBatch]:
    """The pairs of a file as batches of `LINES`.

    A pair without a time of its own was seen when the file was modified.

    Raises:
        InputFileError: no line is a pair, or the file is not what its name says.
    """
    with file.content(config.member) as stream:
        pairs: list[tuple[str, str, datetime]] = []
        for number, line in enumerate(stream, start=1):
            pair = _pair(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, config, file.modified)
            if isinstance(pair, str):
                reading.leave_out(number, pair)
                continue
            reading.rows += 1
            pairs.append(pair)
            if len(pairs) == _BATCH:
                yield _batch(pairs, config)
                pairs = []
        if pairs:
            yield _batch(pairs, config)
    if not reading.rows:
        raise InputFileError(f"{file.path}: no line is a pair of {len(config.columns)} columns: {reading.described()}")


def _pair(line: bytes, config: BitextConfig, modified: datetime) -> tuple[str, str, datetime] | str:
    """(source, target, seen), or why this is none."""
    try:
        cells = line.decode().rstrip("\r\n").split("\t")
    except UnicodeDecodeError:
        return "not in UTF-8"
    if len(cells) != len(config.columns):
        return "with another number of columns"
    named = dict(zip(config.columns, cells, strict=True))
    source, target = named["source"], named["target"]
    if not source.strip() or not target.strip():
        return "with an empty side"
    if "time" not in named:
        return source, target, modified
    try:
        return source, target, time_of(named["time"])
    except ValueError:
        return "with an unreadable time"


def _batch(pairs: list[tuple[str, str, datetime]], config: BitextConfig) -> pa.RecordBatch:
    sources, targets, seen = zip(*pairs, strict=True)
    number = len(pairs)
    columns = [
        pa.repeat(config.source_language, number),
        pa.repeat(config.target_language, number),
        pa.repeat(config.both_directions, number),
        pa.array(sources, pa.string()),
        pa.array(targets, pa.string()),
        pa.array(seen, TIMESTAMP) if "time" in config.columns else pa.repeat(pa.scalar(seen[0], TIMESTAMP), number),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=LINES)
