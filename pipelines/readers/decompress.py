"""gzip (RFC 1952) and Zstandard (RFC 8878) as sequences of members, each of which may fail by itself.

A member is a gzip member or a zstd frame. A damaged member is lost alone; reading continues at the next one.
Memory is bounded, whatever size a member expands to.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.readers.config import SourceConfig
from pipelines.readers.expansion import Member
from pipelines.readers.gzip_members import gzip_head, gzip_member
from pipelines.readers.record import SAMPLE_BYTES, Reason
from pipelines.readers.storage import BLOCK, ReadError, Source
from pipelines.readers.zstd_frames import embedded_dictionary, skippable, zstd_frame

_PROBE = 64 << 10  # bytes to which a candidate must expand (or its end before that) to count as a member


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
    dictionary = embedded_dictionary(source)
    return Codec("zstd", b"\x28\xb5\x2f\xfd", lambda at, offset, limits: zstd_frame(at, offset, limits, dictionary))


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
    return source.at(offset, 4).startswith(codec.magic) or (codec.name == "zstd" and skippable(source, offset) > 0)


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
    if to and codec.name == "gzip" and (head := gzip_head(source, offset, len(to))) is not None:
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
