"""Finds the WARC records of a stream (ISO 28500 / WARC 1.1), also in damaged files.

A record is `WARC/1.x`, header lines, an empty line, Content-Length bytes, two line ends. When anything else
follows, the record has a wrong length, and reading continues at the next line that starts a record.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipelines.readers.record import SAMPLE_BYTES, Reason
from pipelines.readers.storage import ReadError

_VERSION = re.compile(rb"WARC/\d\.\d{1,2}[ \t]*\r?\n")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$")
_NEXT = re.compile(rb"\nWARC/\d\.\d{1,2}[ \t]{0,8}\r?\n")
_LINE_ENDS = re.compile(rb"[\r\n]*")
_NEXT_LONGEST = 32  # longest match of _NEXT
_HEADER_LIMIT = 64 << 10
_HEADER_WINDOWS = (
    1 << 10,
    8 << 10,
    _HEADER_LIMIT,
)  # most headers are short, and a wide search for each bad one is slow
_JUNK = 256 << 10  # bytes without a record after which an overrun is checked


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: its header and block; with a problem, only its first bytes."""

    ordinal: int  # among the records of its stream
    offset: int  # of its first byte in the stream
    data: bytes
    header: int = 0  # bytes of its header; the block follows
    problem: Reason | None = None
    detail: str = ""


class Buffer:
    """The bytes of a stream that are not consumed yet. `damage` says how the stream broke off, if it did.

    `overrun` checks whether a damaged compressed member has expanded into the bytes of the next one.
    """

    def __init__(self, pieces: Iterator[bytes], overrun: Callable[[], bool] | None = None) -> None:
        self._pieces, self._overrun = pieces, overrun
        self.data = bytearray()
        self.offset = 0  # of the first byte of `data`
        self.ended = False
        self.damage: ReadError | None = None

    def more(self) -> bool:
        """Adds a piece; False at the end of the stream."""
        if self.ended:
            return False
        try:
            self.data += next(self._pieces)
        except StopIteration:
            self.ended = True
        except ReadError as error:
            self.ended, self.damage = True, error
        return not self.ended

    def stop_if_overrun(self) -> bool:
        """Ends the stream here if it overran the next member."""
        if self._overrun is not None and not self.ended and self._overrun():
            self.ended, self.damage = True, ReadError(Reason.CORRUPT, "goes on over the records behind it")
            self.consume(len(self.data))
            return True
        return False

    def drain(self) -> None:
        """Skips the rest of the stream."""
        self.consume(len(self.data))
        while self.more():
            self.consume(len(self.data))

    def has(self, count: int) -> bool:
        """Whether `count` bytes are available, after reading more if needed."""
        while len(self.data) < count and self.more():
            pass
        return len(self.data) >= count

    def consume(self, count: int) -> None:
        """Drops bytes from the front."""
        del self.data[:count]
        self.offset += count


def frames(buffer: Buffer, limit: int, too_long: Reason) -> Iterator[Frame]:
    """The records of a stream, each held whole only up to `limit` bytes."""
    ordinal = 0
    while True:
        _skip_line_ends(buffer)
        if not buffer.has(1):
            return
        frame = _frame(buffer, ordinal, limit, too_long)
        length = buffer.offset - frame.offset
        yield replace(frame, data=frame.data[:length]) if len(frame.data) > length else frame
        ordinal += 1


def _skip_line_ends(buffer: Buffer) -> None:
    while buffer.has(1):
        ends = _LINE_ENDS.match(buffer.data)
        buffer.consume(ends.end() if ends else 0)
        if buffer.data:
            return


def _frame(buffer: Buffer, ordinal: int, limit: int, too_long: Reason) -> Frame:
    start = buffer.offset

    def bad(reason: Reason, detail: str) -> Frame:
        """Rejects everything up to the next record. Damage of the stream, as the cause, replaces the given reason."""
        sample = bytes(buffer.data[:SAMPLE_BYTES])
        _skip_to_next(buffer)
        if buffer.damage and not buffer.data:
            reason, detail = buffer.damage.reason, buffer.damage.detail
        return Frame(ordinal, start, sample, problem=reason, detail=detail)

    header = _header_length(buffer)
    if header is None:
        return bad(Reason.MALFORMED_RECORD, f"no whole WARC record header within {_HEADER_LIMIT >> 10} KiB")
    declared = _LENGTH.search(buffer.data, 0, header)
    if not declared:
        return bad(Reason.WRONG_LENGTH, "no Content-Length that is a number")
    length = header + int(declared[1])
    if length > limit:
        frame = Frame(ordinal, start, bytes(buffer.data[:SAMPLE_BYTES]), problem=too_long)
        return _too_long(buffer, frame, length, limit)
    if not buffer.has(length):
        return bad(
            Reason.WRONG_LENGTH, f"Content-Length {int(declared[1])}, but only {len(buffer.data) - header} follow"
        )
    if not _ends(buffer, length):
        return bad(Reason.WRONG_LENGTH, f"no record end after Content-Length {int(declared[1])}")
    data = bytes(buffer.data[:length])
    buffer.consume(length)
    return Frame(ordinal, start, data, header)


def _header_length(buffer: Buffer) -> int | None:
    """Bytes up to and with the empty line, None without a header here, or when another one starts within it."""
    buffer.has(16)
    if not _VERSION.match(buffer.data):
        return None
    for window in _HEADER_WINDOWS:
        buffer.has(window)
        end = _HEADER_END.search(buffer.data, 0, window)
        if _NEXT.search(buffer.data, 0, end.end() if end else window):
            return None
        if end:
            return end.end()
    return None


def _ends(buffer: Buffer, length: int) -> bool:
    """Whether the record may end after `length` bytes: two line ends follow, or nothing."""
    buffer.has(length + 4)
    tail = bytes(buffer.data[length : length + 4])
    return not tail or tail.startswith((b"\r\n\r\n", b"\n\n"))


def _too_long(buffer: Buffer, frame: Frame, length: int, limit: int) -> Frame:
    """Skips an oversized record; if its length was wrong, the next record is still found."""
    problem, detail, left = frame.problem, f"{length:,} bytes, over {limit:,}", length
    while left and buffer.has(min(left, _NEXT_LONGEST + 1)):
        if found := _NEXT.search(buffer.data, 0, left):
            buffer.consume(found.start() + 1)
            problem, detail, left = Reason.WRONG_LENGTH, f"{detail}; another record starts in it", 0
            break
        gone = left if left <= len(buffer.data) else len(buffer.data) - _NEXT_LONGEST
        buffer.consume(gone)
        left -= gone
    if left:
        buffer.consume(len(buffer.data))
        problem, detail = Reason.WRONG_LENGTH, f"{detail}, and {left:,} of them are absent"
        if buffer.damage:
            problem, detail = buffer.damage.reason, buffer.damage.detail
    return replace(frame, problem=problem, detail=detail)


def _skip_to_next(buffer: Buffer) -> None:
    """Drops bytes up to the next line that starts a record, or all."""
    start, junk = buffer.offset, _JUNK
    while True:
        if found := _NEXT.search(buffer.data):
            buffer.consume(found.start() + 1)
            return
        buffer.consume(max(0, len(buffer.data) - _NEXT_LONGEST))
        if buffer.offset - start > junk:
            junk *= 2
            if buffer.stop_if_overrun():
                return
        if not buffer.more():
            buffer.consume(len(buffer.data))
            return
