"""Frames of Zstandard files (RFC 8878)."""

import zstandard

from pipelines.readers.config import SourceConfig
from pipelines.readers.expansion import PIECE, Member, refuse_bomb
from pipelines.readers.record import Reason
from pipelines.readers.storage import ReadError, Source

_SKIPPABLE = 0x184D2A50  # and 15 more
_DICTIONARY = 0x184D2A5D  # WARC-in-zstd: the first frame may carry the dictionary of all others
_LARGEST_DICTIONARY = 1 << 27
# The binding tells zstd's error codes in words only.
_ZSTD_REASONS = {
    "not enough memory": Reason.UNREADABLE,  # another run, with fewer tasks at a time, may have it
    "requires too much memory": Reason.UNSUPPORTED,  # a window over 2 GiB
    "Unsupported": Reason.UNSUPPORTED,
}


def zstd_frame(
    source: Source, start: int, limits: SourceConfig, dictionary: zstandard.ZstdCompressionDict | None = None
) -> Member:
    """Expands the frame at `start` block by block (a block is at most 128 KiB); skippable frames expand to nothing.

    Raises:
        ReadError: damaged, cut off, or a bomb.
    """
    if skipped := skippable(source, start):
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
            block = source.at(offset, length) if size <= PIECE else b"\0" * length  # no encoder writes larger blocks
            if len(block) < max(length, 3):
                raise ReadError(Reason.TRUNCATED, f"{where} ends too early")
            piece = decoder.decompress(block)
            offset += length
            expanded += len(piece)
            refuse_bomb(start, expanded, offset - start, limits)
            if piece:
                yield piece
    except zstandard.ZstdError as error:
        reason = next((reason for words, reason in _ZSTD_REASONS.items() if words in str(error)), Reason.CORRUPT)
        raise ReadError(reason, f"{where}: {error}") from error
    if not decoder.eof:
        raise ReadError(Reason.CORRUPT, f"{where}: does not end where its last block does")
    return offset


def skippable(source: Source, offset: int) -> int:
    """Length of the skippable zstd frame at `offset`, 0 when there is none."""
    head = source.at(offset, 8)
    if len(head) < 8 or int.from_bytes(head[:4], "little") & ~0xF != _SKIPPABLE:
        return 0
    return 8 + int.from_bytes(head[4:], "little")


def embedded_dictionary(source: Source) -> zstandard.ZstdCompressionDict | None:
    """The dictionary of WARC-in-zstd (iipc.github.io/warc-specifications, zstd): the payload of the first frame."""
    length = skippable(source, 0)
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
