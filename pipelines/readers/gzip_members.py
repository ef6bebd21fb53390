"""Members of gzip files (RFC 1952)."""

import re
import struct
import zlib

from pipelines.readers.config import SourceConfig
from pipelines.readers.expansion import PIECE, Member, refuse_bomb
from pipelines.readers.record import Reason
from pipelines.readers.storage import ReadError, Source

_FIRST_FEED, _FEED = 16 << 10, 64 << 10  # most members are short
_HEADER = 66 << 10  # longest gzip header: an extra field has up to 64 KiB
_GZIP_HEADER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f].{6}", re.DOTALL)


def gzip_member(source: Source, start: int, limits: SourceConfig) -> Member:
    """Expands the member at `start`. The checksum is compared after the last piece is yielded.

    Raises:
        ReadError: damaged, cut off, or a bomb.
    """
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    offset, expanded, checksum, waiting = start + _gzip_header(source, start), 0, 0, b""
    while not decoder.eof:
        if not waiting:
            waiting = source.at(offset, _FIRST_FEED if offset - start < _FEED else _FEED)
            offset += len(waiting)
        try:
            piece = decoder.decompress(waiting, PIECE)
        except zlib.error as error:
            raise ReadError(Reason.CORRUPT, f"gzip member at byte {start}: {error}") from error
        if not waiting and not piece and not decoder.eof:
            raise ReadError(Reason.TRUNCATED, f"gzip member at byte {start} ends too early")
        waiting = decoder.unconsumed_tail
        expanded += len(piece)
        checksum = zlib.crc32(piece, checksum)
        refuse_bomb(start, expanded, offset - len(waiting) - start, limits)
        if piece:
            yield piece
    offset -= len(decoder.unused_data)
    trailer = source.at(offset, 8)
    if len(trailer) < 8:
        raise ReadError(Reason.TRUNCATED, f"gzip member at byte {start} ends within its checksum")
    if trailer != struct.pack("<II", checksum, expanded & 0xFFFFFFFF):
        raise ReadError(Reason.CORRUPT, f"gzip member at byte {start}: its checksum or length is wrong")
    return offset + 8


def _gzip_header(source: Source, start: int) -> int:
    """Length of the member header (RFC 1952, 2.3)."""
    head = source.at(start, 512)
    if len(head) == 512 and head[3] & 0x1C:  # extra field, name or comment
        head = source.at(start, _HEADER)
    found = _GZIP_HEADER.match(head)
    length = found.end() if found else 0
    if found and head[3] & 0x04:  # an extra field, which begins with its length
        length += 2 + int.from_bytes(head[length : length + 2], "little")
    for flag in (0x08, 0x10):  # name and comment, ended by a zero byte each
        if found and head[3] & flag:
            length = head.find(b"\0", length) + 1 or _HEADER + 1
    length += 2 if found and head[3] & 0x02 else 0  # the header's own checksum
    if not found or length > len(head):
        reason = (
            Reason.TRUNCATED
            if start + len(head) >= source.size and b"\x1f\x8b\x08".startswith(head[:3])
            else Reason.CORRUPT
        )
        raise ReadError(reason, f"no gzip header at byte {start}")
    return length


def gzip_head(source: Source, offset: int, count: int) -> bytes | None:
    """The first `count` bytes a member expands to, from its first few hundred bytes; None when they are too few."""
    try:
        head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(source.at(offset, 512), count)
    except zlib.error:
        return None
    return head if len(head) == count else None
