"""Cuts a stream of JSON texts into values: objects one after the other, and the elements of arrays.

Only brackets, strings and commas are looked at, so a value that is no JSON costs itself alone, and a value over the
limit is passed without being held. Where the end of a value cannot be known (damaged compression, a string that is not
closed on its line), reading goes on at the next line that begins like the line of the value.
"""

import re
from collections.abc import Iterator

from pipelines.readers.decompress import Damage
from pipelines.readers.line_reader import Line
from pipelines.readers.record import SAMPLE_BYTES, Reason

_STRING = rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'  # what may stand between quotes
_REST_OF_STRING = re.compile(_STRING)
# Each passes whole strings, and stops at the quote of an unfinished one.
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"%s"[^"{}\[\]]*+)*+' % _STRING)
_TO_BRACKET_OR_COMMA = re.compile(rb'[^"{}\[\],]*+(?:"%s"[^"{}\[\],]*+)*+' % _STRING)
_TO_LINE_END = re.compile(rb"[^\n]*+")
_BETWEEN = re.compile(rb"[ \t\r\n,\x1e]*+")  # a record separator stands before each text of RFC 7464
_MARK = b"\xef\xbb\xbf"
_LONGEST_MARGIN = 1000


def values(chunks: Iterator[bytes | Damage], limit: int, too_long: Reason) -> Iterator[Line]:
    """The values of a stream that starts at position 0, each with its bytes, or with its first ones and a problem.

    White space, commas and brackets between values are framing.
    """
    cutter = _Cutter(limit, too_long)
    for chunk in chunks:
        yield from cutter.damaged(chunk) if isinstance(chunk, Damage) else cutter.cut(chunk)
    yield from cutter.end()


class _Cutter:
    """Where the stream stands: between values, within a value, or lost behind one."""

    def __init__(self, limit: int, too_long: Reason) -> None:
        self._limit, self._too_long = limit, too_long
        self._position = 0  # of the chunk
        self._in_array = False
        self._margin: bytes | None = b""  # the line up to here, while nothing but framing stands on it
        self._opening = b"\n{"  # how the line of the last object began
        # The value: where it starts (-1: between values), its bytes, and how many of them were dropped.
        self._start, self._held, self._dropped = -1, bytearray(), 0
        self._is_line, self._depth, self._in_string, self._after_escape = False, 0, False, False
        self._lost: Line | None = None  # the value whose end is not known
        self._tail = b""  # the last bytes that were passed while lost

    def cut(self, chunk: bytes) -> Iterator[Line]:
        """The values that end in the chunk."""
        at = len(_MARK) if self._position == 0 and chunk.startswith(_MARK) else 0
        while at < len(chunk):
            if self._lost:
                at = self._find_again(chunk, at)
                if self._lost and self._start >= 0:
                    yield self._given_up()
            elif self._start < 0:
                at = self._between(chunk, at)
            else:
                begin, (at, is_whole) = at, self._within(chunk, at)
                self._hold(chunk[begin:at])
                if is_whole:
                    yield from self._finished()
        self._position += len(chunk)

    def damaged(self, damage: Damage) -> Iterator[Line]:
        """Passes a damaged range; it takes the value that it is in with it."""
        if self._lost:
            self._start = self._position
            yield self._given_up()
        start = self._start if self._start >= 0 else self._position
        self._lost = Line(start, bytes(self._held[:SAMPLE_BYTES]) or damage.sample, damage.reason, damage.detail)
        self._reset()
        self._position += damage.length

    def end(self) -> Iterator[Line]:
        """What the end of the stream leaves."""
        if self._lost:
            self._start = self._position
            yield self._given_up()
            return
        last = self._position - 1
        if self._depth or self._in_string or (self._in_array and self._start == last):
            sample = bytes(self._held[:SAMPLE_BYTES])
            yield Line(self._start, sample, Reason.MALFORMED_JSON, "the file ends before this value does")
            return
        if self._start >= 0:
            yield from self._finished()
        if self._in_array:
            yield Line(last, b"", Reason.MALFORMED_JSON, "the file ends before its array does")

    def _between(self, chunk: bytes, at: int) -> int:
        """Passes framing, up to the first byte of the next value."""
        framing = _BETWEEN.match(chunk, at)
        assert framing is not None
        at = framing.end()
        _, newline, margin = framing[0].rpartition(b"\n")
        if newline:
            self._margin = margin
        elif self._margin is not None:
            self._margin = (self._margin + margin)[:_LONGEST_MARGIN]
        byte = chunk[at : at + 1]
        if byte == (b"]" if self._in_array else b"["):
            self._in_array = not self._in_array
            return at + 1
        if byte:
            self._start, self._is_line = self._position + at, not self._in_array and byte != b"{"
            if byte == b"{" and self._margin is not None:
                self._opening = b"\n" + self._margin + b"{"
            self._margin = None
        return at

    def _within(self, chunk: bytes, at: int) -> tuple[int, bool]:
        """Passes bytes of a value; returns where it stopped, and whether the value ends there."""
        if self._in_string:
            return self._within_string(chunk, at)
        is_element = self._in_array and self._depth == 0
        pattern = _TO_LINE_END if self._is_line else _TO_BRACKET_OR_COMMA if is_element else _TO_BRACKET
        at = _end(pattern, chunk, at)
        byte = chunk[at : at + 1]
        if not byte or self._is_line or (is_element and byte in b",]"):
            return at, bool(byte)
        if byte == b'"':
            self._in_string = True
        elif byte in b"{[":
            self._depth += 1
        else:
            self._depth = max(0, self._depth - 1)
        return at + 1, self._depth == 0 and not self._in_array and not self._in_string

    def _within_string(self, chunk: bytes, at: int) -> tuple[int, bool]:
        """Like `_within`. At a line feed the value ends with its string still open."""
        if self._after_escape and chunk[at] != ord("\n"):
            at += 1
        self._after_escape = False
        at = _end(_REST_OF_STRING, chunk, at)
        if chunk[at : at + 1] == b'"':
            self._in_string = False
            return at + 1, False
        if chunk[at : at + 1] == b"\\":  # before a line feed, or the last byte of the chunk
            at += 1
            self._after_escape = at == len(chunk)
        return at, at < len(chunk)

    def _hold(self, piece: bytes) -> None:
        self._held += piece
        if self._dropped + len(self._held) > self._limit:
            self._dropped += len(self._held) - min(len(self._held), SAMPLE_BYTES)
            del self._held[SAMPLE_BYTES:]

    def _finished(self) -> Iterator[Line]:
        data = bytes(self._held).rstrip() if not self._dropped else bytes(self._held)
        if self._in_string:
            detail = "a string is not closed on its line"
            self._lost = Line(self._start, data[:SAMPLE_BYTES], Reason.MALFORMED_JSON, detail)
        elif self._dropped + len(data) > self._limit:
            yield Line(self._start, data[:SAMPLE_BYTES], self._too_long, f"longer than {self._limit:,} bytes")
        else:
            yield Line(self._start, data)
        self._reset()

    def _reset(self) -> None:
        self._start, self._held, self._dropped = -1, bytearray(), 0
        self._is_line, self._depth, self._in_string, self._after_escape = False, 0, False, False

    def _find_again(self, chunk: bytes, at: int) -> int:
        """Looks for the next line that begins like the last object's; starts a value there."""
        seen = self._tail + chunk[at:]
        found = seen.find(self._opening)
        if found < 0:
            self._tail = seen[-len(self._opening) + 1 :]
            return len(chunk)
        at += found + len(self._opening) - 1 - len(self._tail)
        self._tail, self._start = b"", self._position + at
        return at

    def _given_up(self) -> Line:
        """The reject of the value that was lost, up to the current one."""
        lost, self._lost, self._tail = self._lost, None, b""
        assert lost is not None
        detail = f"{lost.detail}; bytes {lost.position:,} to {self._start:,} are not read"
        return Line(lost.position, lost.data, lost.problem, detail)


def _end(pattern: re.Pattern[bytes], chunk: bytes, at: int) -> int:
    found = pattern.match(chunk, at)
    assert found is not None
    return found.end()
