"""Chunked transfer coding (RFC 9112, 7.1), which archives store as it came or undone, whatever the header says.

The bytes decide: a body is chunked when its framing holds up to the last chunk. Where the header says so too, it is
also chunked when what follows the first size can only be a chunk; it was then cut off, or damaged.
"""

import re

from pipelines.readers.payload_type import binary_bytes
from pipelines.readers.record import Reason
from pipelines.readers.storage import ReadError

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?(?:\r\n|\r?\Z)")
_TRAILER = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*(?:\r\n)*\Z")
_SURE = 64  # bytes: a chunk of this length that ends where its size says is no accident


def unchunked(body: bytes, declared: bool, cut: bool) -> bytes:
    """The body without chunked framing, where it has any.

    Args:
        body: as stored.
        declared: whether the header names the coding.
        cut: whether the archive says that it cut the record; what is there is then given.

    Raises:
        ReadError: the framing is cut off or damaged.
    """
    parts, at = _chunks(body)
    size, sure = _SIZE.match(body, at), declared and _is_chunk(body, parts)
    if size and int(size[1], 16) == 0 and (sure or _TRAILER.match(body, size.end())):
        return b"".join(parts) if parts or declared else body
    if not sure:
        return body
    if at < len(body) and (not size or size.end() + int(size[1], 16) + 2 <= len(body)):
        raise ReadError(Reason.CORRUPT, f"chunked transfer coding: no whole chunk at byte {at:,}")
    if not cut:
        raise ReadError(Reason.TRUNCATED, f"chunked transfer coding: {len(body):,} bytes end before the last chunk")
    return b"".join(parts) + (body[size.end() :] if size else b"")


def _chunks(body: bytes) -> tuple[list[bytes], int]:
    """The whole chunks, up to the last one or to what is none, and where that is."""
    parts, at = [], 0
    while found := _SIZE.match(body, at):
        end = found.end() + int(found[1], 16)
        if end == found.end() or not body.startswith(b"\r\n", end):
            break
        parts.append(body[found.end() : end])
        at = end + 2
    return parts, at


def _is_chunk(body: bytes, parts: list[bytes]) -> bool:
    """Whether what begins like a chunk is one: it ends in its place, or is markup or compressed, unlike its size."""
    first = _SIZE.match(body)
    if not first or int(first[1], 16) == 0:
        return False
    head = body[first.end() : first.end() + 256].lstrip()
    return bool(parts and len(parts[0]) >= _SURE) or head.startswith(b"<") or binary_bytes(head) > 0
