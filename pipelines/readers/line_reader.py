"""Streams of bytes and the lines in them, with offsets that do not depend on how a file is split."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pipelines.readers.decompress import Damage, codec, expand
from pipelines.readers.encoding import byte_order_mark, decode, identify, transcode
from pipelines.readers.encoding_detection import is_seven_bit
from pipelines.readers.record import SAMPLE_BYTES, Reason, Reject, Split
from pipelines.readers.storage import BLOCK, ReadError, Source
from pipelines.readers.undecodable import Decoded, EncodingError, decoded_as

_EVIDENCE = 64 << 10  # bytes by which the encoding of a file is detected
_SEARCHED = 16 << 20  # bytes in which they are looked for
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


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

    With `only_utf8` a line is never detected to be in another encoding, though one may be configured or marked. With
    `in_utf8`, furthermore, the text is transcoded to UTF-8 whatever it is in: in some encodings a byte of `{` may be
    part of another character.
    """

    def __init__(self, source: Source, split: Split, only_utf8: bool = False, in_utf8: bool = False) -> None:
        self._source, self._split, self._only_utf8 = source, split, only_utf8 or in_utf8
        mark = byte_order_mark(first_bytes(expanded(source, split), 4))
        named = split.config.encoding or (mark[0] if mark else "")
        is_wide = bool(named) and "\n".encode(named) != b"\n"  # UTF-16, UTF-32, EBCDIC, ...
        is_other = bool(named) and codecs.lookup(named).name != "utf-8"
        self._wide = codecs.lookup(named).name if is_wide or (in_utf8 and is_other) else ""

    def decode(self, data: bytes) -> Decoded:
        """One record as text.

        Raises:
            EncodingError: it is none.
        """
        configured, undecodable = self._split.config.encoding, self._split.config.undecodable
        if self._wide:
            said = "configured" if configured else "byte_order_mark"
            return decoded_as(data, "utf-8", said, undecodable)._replace(encoding=self._wide)
        if configured or (not self._only_utf8 and data.isascii() and is_seven_bit(data)):
            return decode(data, configured, undecodable=undecodable)
        try:
            return Decoded(data.decode())
        except UnicodeDecodeError:
            pass
        if self._only_utf8:
            return decoded_as(data, "utf-8", "", undecodable)
        if self._detected is None:
            return decode(data, undecodable=undecodable)
        if isinstance(self._detected, EncodingError):
            raise EncodingError(*self._detected.args)  # an exception that is raised again grows
        return decoded_as(data, self._detected, "detected", undecodable)

    @cached_property
    def _detected(self) -> str | EncodingError | None:
        """The encoding of the file's first lines beyond ASCII; None when they come too late: then each is examined."""
        if not (evidence := beyond_ascii(expanded(self._source, self._split))):
            return None
        beyond = [line for line in evidence.split(b"\n") if not line.isascii()]
        if sum(map(_is_utf8, beyond)) * 2 >= len(beyond):
            return "utf-8"
        try:
            return identify(evidence)[0]
        except EncodingError as error:
            return error

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


def beyond_ascii(chunks: Iterator[bytes | Damage]) -> bytes:
    """Whole lines from the first one that is not ASCII; nothing when there is none near the start of the stream."""
    found, passed = b"", 0
    for chunk in chunks:
        if isinstance(chunk, Damage):
            continue
        if not found and (high := _BEYOND_ASCII.search(chunk)):
            found = chunk[chunk.rfind(b"\n", 0, high.start()) + 1 :]
        elif found:
            found += chunk
        passed += len(chunk)
        if len(found) >= _EVIDENCE or (not found and passed >= _SEARCHED):
            break
    whole = found[: found.rfind(b"\n", 0, _EVIDENCE) + 1]
    return whole if len(found) >= _EVIDENCE and whole else found[:_EVIDENCE]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_mark(line: Line) -> Line:
    mark = b"\xef\xbb\xbf"
    return Line(0, line.data.removeprefix(mark), line.problem, line.detail)
