"""Streams of bytes and the lines in them, with offsets that do not depend on how a file is split."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.readers.decompress import Damage, codec, expand
from pipelines.readers.encoding import byte_order_mark, decode, detect, transcode
from pipelines.readers.record import SAMPLE_BYTES, Reason, Reject, Split
from pipelines.readers.storage import BLOCK, ReadError, Source

_HEAD = 64 << 10


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line without its line feed; with a problem, `data` is only its first bytes."""

    position: int
    data: bytes
    problem: Reason | None = None
    detail: str = ""

    def reject(self) -> Reject:
        """The reject of a line with a problem."""
        assert self.problem is not None
        return Reject(self.position, self.problem, self.detail, self.data[:SAMPLE_BYTES])


def record_limit(split: Split) -> tuple[int, Reason]:
    """The most bytes of one record, and the reason for rejecting a longer one."""
    compressed = bool(split.file.codec) or split.file.member >= 0
    if compressed and split.config.max_decompressed_bytes < split.config.max_document_bytes:
        return split.config.max_decompressed_bytes, Reason.DECOMPRESSION_BOMB
    return split.config.max_document_bytes, Reason.OVERSIZED


def stored(source: Source, offset: int = 0) -> Iterator[bytes | Damage]:
    """The bytes of a file as they are stored. Never raises: a storage failure becomes `Damage`."""
    while offset < source.size:
        try:
            piece = source.at(offset, BLOCK)
        except ReadError as error:
            yield Damage(error.reason, error.detail, b"", source.size - offset)
            return
        if not piece:
            yield Damage(
                Reason.CHANGED, f"the file ends at byte {offset}, not {source.size}", b"", source.size - offset
            )
            return
        yield piece
        offset += len(piece)


def expanded(source: Source, split: Split) -> Iterator[bytes | Damage]:
    """The content of the whole file: decompressed where it is compressed."""
    if split.file.codec:
        return expand(source, codec(split.file.codec, source), split.config)
    return stored(source)


class Text:
    """The lines of a split of a text file, and how to decode them: the same for every split of the file.

    With `in_utf8` the text is transcoded to UTF-8 whatever it is in: in some encodings a byte of `{` may be part of
    another character.
    """

    def __init__(self, source: Source, split: Split, in_utf8: bool = False) -> None:
        self._source, self._split = source, split
        self._head = first_bytes(expanded(source, split), _HEAD)
        mark = byte_order_mark(self._head)
        named = split.config.encoding or (mark[0] if mark else "")
        is_wide = bool(named) and "\n".encode(named) != b"\n"  # UTF-16, UTF-32, EBCDIC, ...
        is_other = bool(named) and codecs.lookup(named).name != "utf-8"
        self._wide = named if is_wide or (in_utf8 and is_other) else ""
        self._fallback: str | None = None  # for records that are not UTF-8

    def decode(self, data: bytes) -> str:
        """One record as text.

        Raises:
            EncodingError: it is none.
        """
        if self._wide:
            return decode(data, "utf-8")[0]
        configured = self._split.config.encoding
        if configured or data.isascii():
            return decode(data, configured)[0]
        try:
            return data.decode()
        except UnicodeDecodeError:
            return decode(data, self._detected())[0]

    def _detected(self) -> str | None:
        """The encoding of the file's first bytes; None when they are ASCII: then each record is examined."""
        if self._fallback is None and not self._head.isascii():
            try:
                codecs.getincrementaldecoder("utf-8")().decode(self._head)  # may end within a character
                self._fallback = "utf-8"
            except UnicodeDecodeError:
                self._fallback = detect(self._head)
        return self._fallback

    def content(self) -> Iterator[bytes | Damage]:
        """The whole file: decompressed, and transcoded to UTF-8 where its bytes must be."""
        chunks = expanded(self._source, self._split)
        return transcode(chunks, self._wide) if self._wide else chunks

    def lines(self, start: int | None = None) -> Iterator[Line]:
        """The lines that start at or after `start` (default: the split's), to the end of the file.

        Compressed and UTF-16 files are not split: the piece that starts at 0 has all lines.
        """
        start = self._split.start if start is None else start
        whole = bool(self._split.file.codec or self._wide)
        if whole and start > 0:
            return
        if whole:
            chunks = self.content()
        else:
            start = line_start(self._source, start)
            chunks = stored(self._source, start)
        limit, problem = record_limit(self._split)
        for line in lines(chunks, limit, problem, start):
            yield line if line.position else _without_mark(line)

    @property
    def end(self) -> int:
        """Lines that start here or later belong to another split."""
        whole = self._split.file.codec or self._wide
        return 1 << 62 if whole or self._split.end >= self._source.size else self._split.end


def lines(chunks: Iterator[bytes | Damage], limit: int, too_long: Reason, position: int = 0) -> Iterator[Line]:
    """Cuts a stream, whose first byte is at `position`, at line feeds.

    Holds only the start of a line over `limit` bytes; its problem is `too_long`.
    """
    detail = f"longer than {limit:,} bytes"
    pending, dropped = bytearray(), 0  # an unfinished line: its held bytes, and how many were dropped
    for chunk in chunks:
        if isinstance(chunk, Damage):
            yield Line(position, bytes(pending[:SAMPLE_BYTES]) or chunk.sample, chunk.reason, chunk.detail)
            position += len(pending) + dropped + chunk.length
            pending, dropped = bytearray(), 0
            continue
        *complete, rest = chunk.split(b"\n")
        for piece in complete:
            data = bytes(pending) + piece if pending else piece
            length = dropped + len(data)
            if length > limit:
                yield Line(position, data[:SAMPLE_BYTES], too_long, detail)
            else:
                yield Line(position, data)
            position += length + 1
            if pending:
                pending, dropped = bytearray(), 0
        pending += rest
        if dropped + len(pending) > limit:
            dropped += len(pending) - min(len(pending), SAMPLE_BYTES)
            del pending[SAMPLE_BYTES:]
    if dropped + len(pending) > limit:
        yield Line(position, bytes(pending[:SAMPLE_BYTES]), too_long, detail)
    elif pending:
        yield Line(position, bytes(pending))


def line_start(source: Source, offset: int) -> int:
    """The first line start at or after `offset`; the file's size when there is none."""
    if offset == 0:
        return 0
    offset -= 1
    while piece := source.at(offset, BLOCK):
        found = piece.find(b"\n")
        if found >= 0:
            return offset + found + 1
        offset += len(piece)
    return source.size


def first_bytes(chunks: Iterator[bytes | Damage], count: int) -> bytes:
    """Up to `count` bytes from the start of a stream, without damaged ranges."""
    head = b""
    for chunk in chunks:
        head += chunk if isinstance(chunk, bytes) else b""
        if len(head) >= count:
            break
    return head[:count]


def _without_mark(line: Line) -> Line:
    mark = b"\xef\xbb\xbf"
    return Line(0, line.data.removeprefix(mark), line.problem, line.detail)
