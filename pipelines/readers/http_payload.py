"""The payload of an HTTP message in an archive, transfer and content codings undone (RFC 9112, RFC 9110)."""

import io
import zlib
from collections.abc import Callable, Iterator

from fastwarc.stream_io import BrotliReader
from fastwarc.warc import WarcRecord

from pipelines.readers.config import SourceConfig
from pipelines.readers.decompress import gzip_member, zstd_frame
from pipelines.readers.record import ReadStatistics, Reason
from pipelines.readers.storage import ReadError, Source

_PIECE = 64 << 10


def payload(record: WarcRecord, limits: SourceConfig) -> bytes:
    """The bytes of the page. A declared coding that the bytes do not have was already undone by the archive.

    The record's HTTP headers are parsed already, its transfer coding decoded as it is read.

    Raises:
        ReadError: the coding is damaged, unknown, or a bomb.
    """
    try:
        data = record.reader.read()
    except OSError as error:
        raise ReadError(Reason.CORRUPT, f"chunked transfer coding: {error}") from error
    headers = record.http_headers
    declared = (headers.get("Content-Encoding") or "") if headers is not None else ""
    for coding in reversed([name.strip().lower() for name in declared.split(",")]):
        if coding not in ("", "identity", "none"):
            data = _undo(coding, data, limits)
    return data


def _undo(coding: str, data: bytes, limits: SourceConfig) -> bytes:
    if coding not in _CODINGS:
        raise ReadError(Reason.UNSUPPORTED, f"Content-Encoding {coding[:40]!r}")
    present, pieces = _CODINGS[coding]
    if not present(data):
        return data
    expanded = bytearray()
    try:
        for piece in pieces(data, limits):
            expanded += piece
            if len(expanded) > limits.max_decompressed_bytes:
                detail = (
                    f"Content-Encoding {coding}: {len(data):,} bytes expand beyond {limits.max_decompressed_bytes:,}"
                )
                raise ReadError(Reason.DECOMPRESSION_BOMB, detail)
    except (zlib.error, OSError) as error:
        if coding == "br" and data.lstrip().startswith(b"<"):
            return data  # brotli has no magic number: markup shows that the page is decoded already
        raise ReadError(Reason.CORRUPT, f"Content-Encoding {coding}: {error}") from error
    return bytes(expanded)


def _gzip(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    return gzip_member(_in_memory(data), 0, limits)


def _zstd(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    return zstd_frame(_in_memory(data), 0, limits)


def _deflate(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    """zlib (RFC 1950), or raw deflate, which servers send under the same name."""
    decoder = zlib.decompressobj(zlib.MAX_WBITS if data[:1] == b"\x78" else -zlib.MAX_WBITS)
    while not decoder.eof:
        piece = decoder.decompress(data, _PIECE)
        data = decoder.unconsumed_tail
        if not piece and not data and not decoder.eof:
            raise ReadError(Reason.TRUNCATED, "Content-Encoding deflate: ends too early")
        yield piece


def _brotli(data: bytes, limits: SourceConfig) -> Iterator[bytes]:
    stream = BrotliReader(io.BytesIO(data))
    while piece := stream.read(_PIECE):
        yield piece


def _in_memory(data: bytes) -> Source:
    return Source(io.BytesIO(data), len(data), ReadStatistics())


def _starts(magic: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(magic)


# For each coding: whether the bytes have it, and its decoder.
_CODINGS: dict[str, tuple[Callable[[bytes], bool], Callable[[bytes, SourceConfig], Iterator[bytes]]]] = {
    "gzip": (_starts(b"\x1f\x8b"), _gzip),
    "x-gzip": (_starts(b"\x1f\x8b"), _gzip),
    "deflate": (lambda data: bool(data) and not data.lstrip().startswith(b"<"), _deflate),
    "br": (bool, _brotli),
    "zstd": (_starts(b"\x28\xb5\x2f\xfd"), _zstd),
}
