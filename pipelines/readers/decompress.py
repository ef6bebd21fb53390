"""gzip (RFC 1952) and Zstandard (RFC 8878) as sequences of members, each of which may fail by itself.

A member is a gzip member or a zstd frame. A damaged member is lost alone; reading continues at the next one.
Memory is bounded, whatever size a member expands to.
"""

import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import zstandard

from pipelines.readers.config import SourceConfig
from pipelines.readers.record import SAMPLE_BYTES, Reason
from pipelines.readers.storage import BLOCK, ReadError, Source

Member = Generator[bytes, None, int]  # yields the expanded bytes, returns the offset after the member

_FIRST_FEED, _FEED = 16 << 10, 64 << 10  # most members are short
_PIECE = 256 << 10  # bytes expanded at a time
_PROBE = 64 << 10  # bytes to which a candidate must expand (or its end before that) to count as a member
_HEADER = 66 << 10  # longest gzip header: an extra field has up to 64 KiB
_GZIP_HEADER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f].{6}", re.DOTALL)
_LARGEST_DICTIONARY = 1 << 27
_SKIPPABLE = 0x184D2A50  # and 15 more
# The binding tells zstd's error codes in words only.
_ZSTD_REASONS = {
    "not enough memory": Reason.UNREADABLE,  # another run, with fewer tasks at a time, may have it
    "requires too much memory": Reason.UNSUPPORTED,  # a window over 2 GiB
    "Unsupported": Reason.UNSUPPORTED,
}
_DICTIONARY = 0x184D2A5D  # WARC-in-zstd: the first frame may carry the dictionary of all others


@dataclass(frozen=True, slots=True)
class Damage:
    """A range of a compressed file that cannot be expanded; it takes `length` positions, its size in the file."""

    reason: Reason
    detail: str
    sample: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Codec:
    """How one compression format starts and expands."""

    name: str
    magic: bytes
    member: Callable[[Source, int, SourceConfig], Member]


def codec(name: str, source: Source) -> Codec:
    """The codec of this name for this file (zstd may read its dictionary from it)."""
    if name == "gzip":
        return Codec("gzip", b"\x1f\x8b\x08", gzip_member)
    dictionary = _embedded_dictionary(source)
    return Codec("zstd", b"\x28\xb5\x2f\xfd", lambda at, offset, limits: zstd_frame(at, offset, limits, dictionary))


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
            piece = decoder.decompress(waiting, _PIECE)
        except zlib.error as error:
            raise ReadError(Reason.CORRUPT, f"gzip member at byte {start}: {error}") from error
        if not waiting and not piece and not decoder.eof:
            raise ReadError(Reason.TRUNCATED, f"gzip member at byte {start} ends too early")
        waiting = decoder.unconsumed_tail
        expanded += len(piece)
        checksum = zlib.crc32(piece, checksum)
        _refuse_bomb(start, expanded, offset - len(waiting) - start, limits)
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


def zstd_frame(
    source: Source, start: int, limits: SourceConfig, dictionary: zstandard.ZstdCompressionDict | None = None
) -> Member:
    """Expands the frame at `start` block by block (a block is at most 128 KiB); skippable frames expand to nothing.

    Raises:
        ReadError: damaged, cut off, or a bomb.
    """
    if skipped := _skippable(source, start):
        if start + skipped > source.size:
            raise ReadError(Reason.TRUNCATED, f"skippable zstd frame at byte {start} ends too early")
        return start + skipped
    where = f"zstd frame at byte {start}"
    try:
        head = source.at(start, 18)
        frame = zstandard.get_frame_parameters(head)
        if frame.window_size > limits.max_window_bytes:
            needed = (
                f"needs a window of {frame.window_size:,} bytes, over max_window_bytes = {limits.max_window_bytes:,}"
            )
            raise ReadError(Reason.UNSUPPORTED, f"{where} {needed}")
        limited = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=limits.max_window_bytes)
        decoder = limited.decompressobj()
        offset, expanded, last = start + zstandard.frame_header_size(head), 0, False
        decoder.decompress(source.at(start, offset - start))
        while not last:
            header = int.from_bytes(source.at(offset, 3), "little")
            last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
            length = 3 + (1 if kind == 1 else size)
            length += 4 if last and frame.has_checksum else 0
            block = source.at(offset, length) if size <= _PIECE else b"\0" * length  # no encoder writes larger blocks
            if len(block) < max(length, 3):
                raise ReadError(Reason.TRUNCATED, f"{where} ends too early")
            piece = decoder.decompress(block)
            offset += length
            expanded += len(piece)
            _refuse_bomb(start, expanded, offset - start, limits)
            if piece:
                yield piece
    except zstandard.ZstdError as error:
        reason = next((reason for words, reason in _ZSTD_REASONS.items() if words in str(error)), Reason.CORRUPT)
        raise ReadError(reason, f"{where}: {error}") from error
    if not decoder.eof:
        raise ReadError(Reason.CORRUPT, f"{where}: does not end where its last block does")
    return offset


def expand(source: Source, codec: Codec, limits: SourceConfig) -> Iterator[bytes | Damage]:
    """The whole file, expanded. Never raises: every damaged range becomes one `Damage`."""
    offset = 0
    try:
        while offset < source.size and not only_zeros(source, offset):
            try:
                if not starts(source, codec, offset):
                    raise ReadError(Reason.CORRUPT, f"no {codec.name} member starts at byte {offset}")
                offset = yield from codec.member(source, offset, limits)
            except ReadError as error:
                following = find_member(source, codec, offset + 1, limits)
                yield Damage(error.reason, error.detail, source.at(offset, SAMPLE_BYTES), following - offset)
                offset = following
    except ReadError as error:  # the storage failed, not the decompression
        yield Damage(error.reason, error.detail, b"", source.size - offset)


def starts(source: Source, codec: Codec, offset: int) -> bool:
    """Whether the bytes at `offset` look like the start of a member."""
    return source.at(offset, 4).startswith(codec.magic) or (codec.name == "zstd" and _skippable(source, offset) > 0)


def find_member(
    source: Source, codec: Codec, offset: int, limits: SourceConfig, expands_to: bytes = b"", end: int | None = None
) -> int:
    """The first member at or after `offset` (and before `end`) that expands to bytes that start with `expands_to`.

    Also finds a member stored verbatim inside another member; a search starts inside a member only after damage, or
    at a split.

    Returns:
        Its offset, or `end` (by default the file's size).
    """
    end = source.size if end is None else min(end, source.size)
    while offset < end:
        window = source.at(offset, min(BLOCK, end - offset + len(codec.magic) - 1))
        found = window.find(codec.magic)
        while found >= 0:
            if expands(source, codec, offset + found, limits, expands_to):
                return offset + found
            found = window.find(codec.magic, found + 1)
        offset += max(len(window) - len(codec.magic) + 1, 1)
    return end


def expands(source: Source, codec: Codec, offset: int, limits: SourceConfig, to: bytes = b"") -> bool:
    """Whether the member at `offset` expands to bytes that start with `expands_to`, by expanding it."""
    if to and codec.name == "gzip" and (head := _gzip_head(source, offset, len(to))) is not None:
        return head == to
    head = b""
    try:
        for piece in codec.member(source, offset, limits):
            head += piece
            if len(head) >= _PROBE:
                break
    except ReadError as error:
        if error.reason is Reason.UNREADABLE:
            raise
        return bool(to) and head.startswith(to)
    return head.startswith(to)


def only_zeros(source: Source, offset: int) -> bool:
    """Whether nothing but zero bytes follows: padding of tapes and block devices."""
    while piece := source.at(offset, BLOCK):
        if piece.count(0) < len(piece):
            return False
        offset += len(piece)
    return True


def _gzip_head(source: Source, offset: int, count: int) -> bytes | None:
    """The first `count` bytes a member expands to, from its first few hundred bytes; None when they are too few."""
    try:
        head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(source.at(offset, 512), count)
    except zlib.error:
        return None
    return head if len(head) == count else None


def _refuse_bomb(start: int, expanded: int, compressed: int, limits: SourceConfig) -> None:
    if expanded > limits.max_decompressed_bytes and expanded > limits.max_decompression_ratio * compressed:
        raise ReadError(
            Reason.DECOMPRESSION_BOMB,
            f"{compressed:,} bytes at byte {start} expand to {expanded:,} and more, over max_decompressed_bytes = "
            f"{limits.max_decompressed_bytes:,} and max_decompression_ratio = {limits.max_decompression_ratio:g}",
        )


def _skippable(source: Source, offset: int) -> int:
    """Length of the skippable zstd frame at `offset`, 0 when there is none."""
    head = source.at(offset, 8)
    if len(head) < 8 or int.from_bytes(head[:4], "little") & ~0xF != _SKIPPABLE:
        return 0
    return 8 + int.from_bytes(head[4:], "little")


def _embedded_dictionary(source: Source) -> zstandard.ZstdCompressionDict | None:
    """The dictionary of WARC-in-zstd (iipc.github.io/warc-specifications, zstd): the payload of the first frame."""
    length = _skippable(source, 0)
    if not length or int.from_bytes(source.at(0, 4), "little") != _DICTIONARY or length > _LARGEST_DICTIONARY:
        return None
    payload = source.at(8, length - 8)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            if zstandard.frame_content_size(payload) > _LARGEST_DICTIONARY:
                return None  # the decoder would allocate it at once
            decoder = zstandard.ZstdDecompressor(max_window_size=_LARGEST_DICTIONARY)
            payload = decoder.decompress(payload, max_output_size=_LARGEST_DICTIONARY)
        except zstandard.ZstdError:
            return None  # frames that need it will fail
    return zstandard.ZstdCompressionDict(payload)
