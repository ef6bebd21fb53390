"""CSV (RFC 4180) and TSV (IANA text/tab-separated-values: no quoting), with a header by default.

After a quote that is never closed, only its own line is lost, not the rest of the file. A position is the byte offset
of the row's first line. Framing, which is no row: the header, line ends, blank lines.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Literal

from pipelines.readers.line_reader import Line, Text, record_limit
from pipelines.readers.meta import fields
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept, storable
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import Decoded, EncodingError, together

Row = tuple[Line, list[str], Decoded]  # first line, fields, how its lines were decoded


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The rows that start in the split.

    Raises:
        ReadError: the file cannot be opened.
    """
    with open_source(split.file, statistics) as source:
        text = Text(source, split)
        rows = _rows(text.lines(0), text, split)
        header, columns, header_at = None, None, -1
        if split.config.header:
            header = next(rows, None)
            columns, problem = _columns(header, split)
            if problem:
                if split.start == 0:
                    statistics.rows += 1
                    yield problem
                return
            header_at = header[0].position if isinstance(header, tuple) else -1
        if split.start > 0:
            rows = _rows(text.lines(), text, split)
        elif (first := next(rows, None)) is not None:
            rows = chain([first], rows)
        elif isinstance(header, tuple):
            statistics.rows += 1
            yield Reject(header_at, Reason.EMPTY, "a header and no row behind it", header[0].data[:256])
        for row in rows:
            position = row.position if isinstance(row, Reject) else row[0].position
            if position >= text.end:
                return
            if position > header_at:
                statistics.rows += 1
                yield row if isinstance(row, Reject) else _document(row, columns, split)


def quoted(split: Split) -> bool:
    """Whether fields may be quoted, and so hold delimiters and line breaks."""
    return split.config.quoting if split.config.quoting is not None else split.file.format == "csv"


class _Feed:
    """Physical lines for `csv.reader`, with push-back."""

    def __init__(self, lines: Iterator[Line], text: Text, limit: int, multiline: bool) -> None:
        self._lines, self._text, self._limit, self._multiline = lines, text, limit, multiline
        self._returned: deque[Line] = deque()
        self.start_row()

    def start_row(self) -> None:
        """Drops the lines of the previous row."""
        self.taken: list[Line] = []
        self.decoded: list[Decoded] = []
        self.undecodable = ""
        self._size = 0

    def peek(self) -> Line | None:
        """The next line, without consuming it."""
        if not self._returned and (line := next(self._lines, None)) is not None:
            self._returned.append(line)
        return self._returned[0] if self._returned else None

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self.peek()
        if line is None or (self.taken and not self._multiline):
            raise StopIteration
        self._size += len(line.data) + 1
        if line.problem or (self.taken and self._size > self._limit):
            raise csv.Error(f"a quoted field does not end within {self._size:,} bytes")
        self.taken.append(self._returned.popleft())
        try:
            self.decoded.append(self._text.decode(line.data))
            return self.decoded[-1].text + "\n"
        except EncodingError as error:
            self.undecodable = self.undecodable or str(error)
            return line.data.decode("utf-8", "surrogateescape") + "\n"

    def drop(self) -> None:
        """Skips the next line."""
        self._returned.popleft()

    def give_back(self) -> None:
        """Pushes back all lines of the row but the first."""
        self._returned.extendleft(reversed(self.taken[1:]))


def _rows(lines: Iterator[Line], text: Text, split: Split) -> Iterator[Row | Reject]:
    csv.field_size_limit(1 << 40)  # `record_limit` limits fields
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted(split) else csv.QUOTE_NONE
    delimiter = split.config.delimiter or ("\t" if split.file.format == "tsv" else ",")
    feed = _Feed(lines, text, record_limit(split)[0], split.config.multiline and quoted(split))
    reader = csv.reader(feed, delimiter=delimiter, quoting=quoting, strict=True)
    while (first := feed.peek()) is not None:
        feed.start_row()
        if first.problem:
            feed.drop()
            yield first.reject()
            continue
        try:
            row = next(reader)
        except csv.Error as error:
            feed.give_back()
            yield Reject(first.position, Reason.MALFORMED_ROW, str(error), first.data[:256])
            continue
        if feed.undecodable:
            yield Reject(first.position, Reason.ENCODING, feed.undecodable, first.data[:256])
        elif row:
            yield first, row, together(feed.decoded)


def _columns(header: Row | Reject | None, split: Split) -> tuple[list[str] | None, Reject | None]:
    """The column names, or why the file cannot be read without them: one reject for the file."""
    if header is None:
        return None, Reject(0, Reason.EMPTY, "no row, not even a header")
    if isinstance(header, Reject):
        return None, header
    line, columns, _ = header
    if split.config.text_column in columns:
        return columns, None
    detail = f"no column {split.config.text_column!r} in the header; columns: {', '.join(columns[:20])}"
    return None, Reject(line.position, Reason.MISSING_TEXT, storable(detail), line.data[:256])


def _document(row: Row, columns: list[str] | None, split: Split) -> Document | Reject:
    line, values, decoded = row
    sample = line.data[:256]
    names = columns or [str(number) for number in range(len(values))]
    if len(names) != len(values):
        detail = f"{len(values)} fields, the header has {len(names)}"
        return Reject(line.position, Reason.MALFORMED_ROW, detail, sample)
    record = dict(zip(names, values, strict=True))
    if split.config.text_column not in record:
        detail = f"no field {split.config.text_column!r} among {len(values)}, counted from 0"
        return Reject(line.position, Reason.MISSING_TEXT, detail, sample)
    meta = {name: record[column] for name, column in fields(split.config) if column in record}
    return accept(line.position, record[split.config.text_column], meta | decoded.meta(), line.data)
