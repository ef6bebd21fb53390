"""The payload of an HTTP message in an archive, transfer and content codings undone (RFC 9112, RFC 9110).

Archives store a body as it came, or with its codings undone and the header unchanged, or with only some of them
undone; servers name codings that they have not applied. So each coding that the header names is undone where the
bytes have it, and what is text already is left as it is.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterator

from fastwarc.stream_io import BrotliReader

from pipelines.readers.chunked import unchunked
from pipelines.readers.config import SourceConfig
from pipelines.readers.expansion import Member
from pipelines.readers.gzip_members import gzip_member
from pipelines.readers.header_fields import Fields
from pipelines.readers.payload_type import binary_bytes
from pipelines.readers.record import ReadStatistics, Reason
from pipelines.readers.storage import ReadError, Source
from pipelines.readers.zstd_frames import zstd_frame

_PIECE = 64 << 10
_BROTLI_PIECE = 4 << 10  # what its decoder gives of a stream that breaks off is whole pieces
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_NONE = ("", "identity", "none", "chunked")
_MARKUP = re.compile(rb"\s{0,256}<|\xff\xfe|\xfe\xff|\xef\xbb\xbf")  # or a byte order mark

Decoder = Callable[[bytes, SourceConfig], Iterator[bytes]]


def payload(fields: Fields, body: bytes, limits: SourceConfig, cut: bool = False) -> bytes:
    """The bytes of the page.

    Args:
        fields: of the message's header.
        body: as the archive stores it.
        limits: what a payload may expand to.
        cut: whether the archive says that it cut the record; what is there is then given.

    Raises:
        ReadError: a coding is cut off, damaged, unknown, or a bomb.
    """
    transfer, content = _codings(fields, "Transfer-Encoding"), _codings(fields, "Content-Encoding")
    data = unchunked(body, "chunked" in transfer, cut)
    for coding in reversed([*content, *transfer]):
        if coding not in _NONE:
            data = _undone(coding, data, limits, cut)
    return data


def _codings(fields: Fields, name: str) -> list[str]:
    return [coding.strip().lower() for value in fields.all(name) for coding in value.split(",")]


def _undone(coding: str, data: bytes, limits: SourceConfig, cut: bool) -> bytes:
    problem, text = None, _MARKUP.match(data) is not None or not binary_bytes(data)
    for decoder in _decoders(coding, data):
        try:
            found = _expanded(coding, decoder(data, limits), limits, cut and not text)
            if found or not text:  # brotli finds nothing in some texts, and does not ask what follows
                return found
        except ReadError as error:
            if error.reason is Reason.DECOMPRESSION_BOMB:
                raise
            problem = error if problem is None or error.reason is Reason.TRUNCATED else problem
    if text:
        return data
    if problem:
        raise problem
    if coding not in (*_UNMARKED, *_MARKED):
        raise ReadError(Reason.UNSUPPORTED, f"Content-Encoding {coding[:40]!r}")
    return data


def _expanded(coding: str, pieces: Iterator[bytes], limits: SourceConfig, cut: bool) -> bytes:
    expanded = bytearray()
    try:
        for piece in pieces:
            expanded += piece
            if len(expanded) > limits.max_decompressed_bytes:
                detail = f"Content-Encoding {coding}: expands beyond {limits.max_decompressed_bytes:,} bytes"
                raise ReadError(Reason.DECOMPRESSION_BOMB, detail)
    except (zlib.error, OSError) as error:
        # brotli's decoder does not tell data that ends too early from damaged data
        if not (cut and expanded):
            raise ReadError(Reason.CORRUPT, f"Content-Encoding {coding}: {error}") from error
    except ReadError as error:
        if not (cut and expanded and error.reason is Reason.TRUNCATED):
            raise
    return bytes(expanded)


def _decoders(coding: str, data: bytes) -> tuple[Decoder, ...]:
    """What may undo a coding: bytes that begin like gzip or zstd are, whatever name they go by."""
    if data.startswith(_GZIP):
        return (_gzip,)
    if data.startswith(_ZSTD):
        return (_zstd,)
    return _UNMARKED.get(coding, ())


def _gzip(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    return _members(gzip_member, _GZIP, data, limits)


def _zstd(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    return _members(zstd_frame, _ZSTD, data, limits)


def _members(
    member: Callable[[Source, int, SourceConfig], Member], magic: bytes, data: bytes, limits: SourceConfig
) -> Iterator[bytes]:
    """One member after the other; what stands behind them and is none, such as padding, is no part of the payload."""
    source, offset = Source(io.BytesIO(data), len(data), ReadStatistics()), 0
    while data.startswith(magic, offset):
        offset = yield from member(source, offset, limits)


def _zlib(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    return _deflated(data, zlib.MAX_WBITS)


def _raw_deflate(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    """Deflate without zlib's frame (RFC 1950), which servers send under the same name."""
    return _deflated(data, -zlib.MAX_WBITS)


def _deflated(data: bytes, window: int) -> Iterator[bytes]:
    decoder = zlib.decompressobj(window)
    while not decoder.eof:
        piece = decoder.decompress(data, _PIECE)
        data = decoder.unconsumed_tail
        if not piece and not data and not decoder.eof:
            raise ReadError(Reason.TRUNCATED, "Content-Encoding deflate: ends too early")
        yield piece
    if decoder.unused_data.strip(b"\0\r\n"):
        raise ReadError(Reason.CORRUPT, "Content-Encoding deflate: ends before the payload does")


def _brotli(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    stream = BrotliReader(io.BytesIO(data))
    while piece := stream.read(_BROTLI_PIECE):
        yield piece


_MARKED = ("gzip", "x-gzip", "zstd")
_UNMARKED: dict[str, tuple[Decoder, ...]] = {"deflate": (_zlib, _raw_deflate), "br": (_brotli,)}
