"""Rows of delimited text, and the two ways in which a quote stands in a quoted field.

RFC 4180 doubles it. Spark, MySQL and others put a backslash before it, and before each backslash of a quoted field.
What is legal in RFC 4180 is read by it, as the field `"C:\\dir\\"`, whose text ends in a backslash.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Literal

from pipelines.readers.line_reader import Line, Text, first_bytes, lines, record_limit
from pipelines.readers.record import Reason, Reject, Split
from pipelines.readers.undecodable import Decoded, EncodingError, together

Row = tuple[Line, list[str], Decoded]  # first line, fields, how its lines were decoded

RFC_4180, BACKSLASH = '"', "\\"  # what stands before a quote in a quoted field
_HEAD = 64 << 10


def quoted(split: Split) -> bool:
    """Whether fields may be quoted, and so hold delimiters and line breaks."""
    return split.config.quoting if split.config.quoting is not None else split.file.format == "csv"


class Rows:
    """The rows of a stream of lines, without blank lines.

    A row is read with the first escape that gives it `width` fields, or with the first when none does.
    """

    def __init__(self, source: Iterator[Line], text: Text, split: Split, escapes: tuple[str, ...]) -> None:
        self._feed = _Feed(source, text, split)
        self._escapes = escapes
        self.width: int | None = None  # None: any
        self.exceptions = 0  # rows that were not read with the first escape, and did not reach the end of the stream

    def __iter__(self) -> "Rows":
        return self

    def __next__(self) -> Row | Reject:
        while (first := self._feed.peek()) is not None:
            if first.problem:
                self._feed.drop()
                return first.reject()
            try:
                row = self._row()
            except csv.Error as error:
                self._feed.give_back(but=1)
                return Reject(first.position, Reason.MALFORMED_ROW, str(error), first.data[:256])
            if self._feed.undecodable:
                return Reject(first.position, Reason.ENCODING, self._feed.undecodable, first.data[:256])
            if row:
                return first, row, together(self._feed.decoded)
        raise StopIteration

    def _row(self) -> list[str]:
        """The fields of the next row; none for a blank line."""
        exception = 0
        for escape in self._escapes:
            try:
                row = self._feed.row(escape)
            except csv.Error:
                row = None
            if row is not None and (not row or self.width in (None, len(row))):
                self.exceptions += exception
                return row
            if not self._feed.has_backslash:  # then all escapes give the same
                break
            exception = int(self._feed.peek() is not None)
            self._feed.give_back()
        self._feed.give_back()
        return self._feed.row(self._escapes[0])


def escapes(text: Text, split: Split) -> tuple[str, ...]:
    """What may stand before a quote in the file's quoted fields, the likelier first: the same for all its splits.

    Told from the rows in the file's first bytes that can be read in one way only.
    """
    if not quoted(split) or split.config.escape == RFC_4180:
        return (RFC_4180,)
    if split.config.escape != "auto":
        return (split.config.escape,)
    head = first_bytes(text.content(), _HEAD)
    orders = (RFC_4180, BACKSLASH), (BACKSLASH, RFC_4180)
    with_backslash, without = (_exceptions(head, text, split, order) for order in orders)
    return orders[with_backslash > without]


def _exceptions(head: bytes, text: Text, split: Split, order: tuple[str, ...]) -> int:
    if b'\\"' not in head:
        return 0
    limit, problem = record_limit(split)
    whole = head[: head.rfind(b"\n") + 1] if len(head) == _HEAD else head
    top, rows = (Rows(lines(iter([whole]), limit, problem), text, split, order) for _ in range(2))
    first = next(top, None)
    rows.width = len(first[1]) if isinstance(first, tuple) else None
    for _ in rows:
        pass
    return rows.exceptions


class _Feed:
    """Physical lines for `csv.reader`, with push-back."""

    def __init__(self, source: Iterator[Line], text: Text, split: Split) -> None:
        csv.field_size_limit(1 << 40)  # `record_limit` limits fields
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted(split) else csv.QUOTE_NONE
        self._delimiter = split.config.delimiter or ("\t" if split.file.format == "tsv" else ",")
        self._reader = csv.reader(self, delimiter=self._delimiter, quoting=quoting, strict=True)
        self._lines, self._text = source, text
        self._limit, self._multiline = record_limit(split)[0], split.config.multiline and quoted(split)
        self._returned: deque[Line] = deque()
        self._start_row(RFC_4180)

    def _start_row(self, escape: str) -> None:
        self._escape, self._taken, self.undecodable, self._size = escape, list[Line](), "", 0
        self.decoded: list[Decoded] = []

    def row(self, escape: str) -> list[str]:
        """The next row.

        Raises:
            csv.Error: there is none that is well-formed; the lines that were looked at wait to be given back.
        """
        self._start_row(escape)
        return next(self._reader)

    def peek(self) -> Line | None:
        """The next line, without consuming it."""
        if not self._returned and (line := next(self._lines, None)) is not None:
            self._returned.append(line)
        return self._returned[0] if self._returned else None

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self.peek()
        if line is None or (self._taken and not self._multiline):
            raise StopIteration
        self._size += len(line.data) + 1
        if line.problem or (self._taken and self._size > self._limit):
            raise csv.Error(f"a quoted field does not end within {self._size:,} bytes")
        continued = bool(self._taken)
        self._taken.append(self._returned.popleft())
        try:
            self.decoded.append(self._text.decode(line.data))
            text = self.decoded[-1].text + "\n"
        except EncodingError as error:
            self.undecodable = self.undecodable or str(error)
            text = line.data.decode("utf-8", "surrogateescape") + "\n"
        return text if self._escape == RFC_4180 else doubled(text, continued, self._delimiter, self._escape)

    @property
    def has_backslash(self) -> bool:
        """Whether a backslash stands before a quote in the row."""
        return any(b'\\"' in line.data for line in self._taken)

    def drop(self) -> None:
        """Skips the next line."""
        self._returned.popleft()

    def give_back(self, but: int = 0) -> None:
        """Pushes back the lines of the row, but for its first ones."""
        self._returned.extendleft(reversed(self._taken[but:]))
        del self._taken[but:]


def doubled(line: str, continued: bool, delimiter: str, escape: str) -> str:
    """The line with the quotes in its quoted fields doubled, where they were escaped.

    `continued`: the line starts within a quoted field.
    """
    if escape not in line:
        return line
    fields, escaped = _expressions(delimiter, escape)

    def in_rfc_4180(field: re.Match[str]) -> str:
        return escaped.sub(lambda found: '""' if found[1] == '"' else escape, field[0])

    return fields.sub(in_rfc_4180, '"' + line)[1:] if continued else fields.sub(in_rfc_4180, line)


@cache
def _expressions(delimiter: str, escape: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(a quoted field, or the part of one on a line; an escaped character)."""
    d, e = re.escape(delimiter), re.escape(escape)
    inside = rf'[^"{e}]*+(?:(?:{e}["{e}]|{e}|"")[^"{e}]*+)*+'
    return re.compile(rf'(?:\A|{d})"{inside}"?'), re.compile(rf'{e}(["{e}])')
