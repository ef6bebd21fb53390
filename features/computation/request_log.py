"""Reads requests of clients from a log in CSV, line by line; what is no request is counted, by reason."""

import csv
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from features.computation.input_file import InputFile, InputFileError
from features.computation.reading import Reading
from features.computation.times import time_of
from pipelines.tables import TIMESTAMP

REQUESTS = pa.schema(
    [
        ("client_id", pa.string()),
        ("time", TIMESTAMP),
        ("characters", pa.int64()),  # of the source
        ("latency_us", pa.int64()),
    ]
)
"""A request of a client to the translation service."""

COLUMNS = ("client_id", "time", "characters", "latency_ms")

_BATCH = 10_000  # lines


def read_requests(file: InputFile, reading: Reading) -> Iterator[pa.RecordBatch]:
    """The requests of a file, whose first line names its columns, as batches of `REQUESTS`.

    Raises:
        InputFileError: a column of `COLUMNS` is not there, no line is a request, or it cannot be decompressed.
    """
    with file.content() as stream:
        header = _cells(stream.readline()) or []
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise InputFileError(f"{file.path}:1: there is no column {missing[0]}; a log needs {', '.join(COLUMNS)}")
        rows: list[Mapping[str, Any]] = []
        for number, line in enumerate(stream, start=2):
            row = _request(line, header)
            if isinstance(row, str):
                reading.leave_out(number, row)
                continue
            reading.rows += 1
            rows.append(row)
            if len(rows) == _BATCH:
                yield pa.RecordBatch.from_pylist(rows, schema=REQUESTS)
                rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=REQUESTS)
    if not reading.rows:
        raise InputFileError(f"{file.path}: no line is a request: {reading.described()}")


def _cells(line: bytes) -> list[str] | None:
    """The cells of a line; None if it is not in UTF-8, or no CSV."""
    try:
        return [cell.strip() for cell in next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")], strict=True), [])]
    except (UnicodeDecodeError, csv.Error):
        return None


def _request(line: bytes, header: list[str]) -> Mapping[str, Any] | str:
    """A row of `REQUESTS`, or why this is none."""
    cells = _cells(line)
    if cells is None:
        return "not CSV in UTF-8"
    if len(cells) != len(header):
        return "with another number of columns"
    named = dict(zip(header, cells, strict=True))
    if not named["client_id"]:
        return "without a client"
    try:
        characters, latency = int(named["characters"]), float(named["latency_ms"])
        row = {"client_id": named["client_id"], "time": time_of(named["time"]), "characters": characters}
        if characters < 0 or not 0 <= latency < 1e12:
            return "with a number out of range"
        return {**row, "latency_us": round(latency * 1000)}
    except ValueError:
        return "with an unreadable number or time"
