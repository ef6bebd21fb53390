"""Web archives: pages (WARC, ISO 28500) and their text (WET), plain, gzip or zstd.

Rows are `response`, `resource` and `conversion` records whose payload is HTML or plain text (`payload_type` says how
that is known). Records of other types or media are no rows: they are counted as skipped, by type. So are `revisit`
records, whose content is elsewhere, and `continuation` records, the later segments of a long one. A record that the
archive cut is read as far as it goes; `meta` then has `warc_truncated`, with the archive's reason or `segment`. An
error page is a row like any other: `meta` has its `http_status`, and policies decide by it.

A position is the byte offset of the record in a plain file. In a compressed file it is the offset of the member (as in
CDX indexes) plus the record's number in it, from 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipelines.readers import payload_type, warc_record
from pipelines.readers.decompress import Damage, codec
from pipelines.readers.encoding import decode
from pipelines.readers.html import page
from pipelines.readers.line_reader import record_limit, stored
from pipelines.readers.payload_type import HTML, TEXT
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept
from pipelines.readers.storage import ReadError, Source, open_source
from pipelines.readers.undecodable import EncodingError
from pipelines.readers.warc_frames import Buffer, Frame, frames
from pipelines.readers.warc_members import SMALLEST_MEMBER, runs
from pipelines.readers.warc_record import Record

_ROWS = ("response", "resource", "conversion")
_OTHER_TYPES = ("warcinfo", "request", "metadata", "revisit", "continuation")
_MEDIA = ("application", "audio", "font", "image", "message", "model", "multipart", "text", "video")  # RFC 6838


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The records that start in the split.

    Raises:
        ReadError: the file cannot be opened, or its storage fails.
    """
    with open_source(split.file, statistics) as source:
        stream = _compressed(source, split) if split.file.codec else _plain(source, split)
        for found in stream:
            if isinstance(found, Reject):
                statistics.rows += 1
                yield found
                continue
            row = _row(*found, split)
            if isinstance(row, _Skipped):
                statistics.skipped[row.label] += 1
            else:
                statistics.rows += 1
                yield row


def _plain(source: Source, split: Split) -> Iterator[tuple[int, Frame]]:
    if split.start == 0:
        for frame in _whole_frames(Buffer(_pieces(source)), split):
            yield frame.offset, frame


def _compressed(source: Source, split: Split) -> Iterator[tuple[int, Frame] | Reject]:
    member_codec = codec(split.file.codec, source)
    for run in runs(source, member_codec, split.start, split.end, split.config):
        if isinstance(run, Reject):
            yield run
            continue
        buffer = Buffer(run.pieces(), run.overrun)
        frame, room = None, SMALLEST_MEMBER
        for frame in _whole_frames(buffer, split):
            position = run.start + frame.ordinal
            if frame.ordinal + 1 >= room and (room := run.length()) <= frame.ordinal + 1:
                # what follows would have the positions of the next run
                detail = f"{room:,} compressed bytes hold more than {frame.ordinal:,} records"
                yield Reject(position, Reason.DECOMPRESSION_BOMB, detail, frame.data[:256])
                buffer.drain()
                break
            yield position, frame
        if buffer.damage and frame is None:
            yield Reject(run.start, buffer.damage.reason, buffer.damage.detail, source.at(run.start, 256))


def _pieces(source: Source) -> Iterator[bytes]:
    for piece in stored(source):
        if isinstance(piece, Damage):
            raise ReadError(piece.reason, piece.detail)
        yield piece


def _whole_frames(buffer: Buffer, split: Split) -> Iterator[Frame]:
    """The frames of a stream. The last is rejected when the stream ends early or fails its checksum after it."""
    held = None
    for frame in frames(buffer, *record_limit(split)):
        if held:
            yield held
        held = frame
    if held and buffer.damage and not held.problem:
        held = replace(held, problem=buffer.damage.reason, detail=buffer.damage.detail)
    if held:
        yield held


@dataclass(frozen=True, slots=True)
class _Skipped:
    """A record that is not a row, under the name by which it is counted: one of a bounded set."""

    label: str


def _row(position: int, frame: Frame, split: Split) -> Document | Reject | _Skipped:
    """What becomes of a record."""
    sample = frame.data[:256]
    try:
        record = warc_record.parse(frame)
        if record.kind not in _ROWS:
            return _Skipped(record.kind if record.kind in _OTHER_TYPES else "unknown")
        return _of_payload(position, record, split, sample)
    except ReadError as error:
        return Reject(position, error.reason, error.detail, sample)


def _of_payload(position: int, record: Record, split: Split, sample: bytes) -> Document | Reject | _Skipped:
    """The document in a record, if it is one.

    Raises:
        ReadError: the payload of a page or text cannot be had.
    """
    media = record.media
    unknown = payload_type.says_nothing(media)
    if media not in (*HTML, *TEXT) and not unknown:
        return _skipped(record, media)
    try:
        data = record.payload(split.config)
    except ReadError:
        if unknown:
            return _skipped(record, media)
        raise
    if found := payload_type.binary(data):
        return _skipped(record, found)
    if unknown and not payload_type.is_page(data):
        return _skipped(record, media)
    limit = split.config.max_document_bytes
    if len(data) > limit:
        return Reject(position, Reason.OVERSIZED, f"{len(data):,} bytes, over {limit:,}", sample)
    charset = payload_type.charset(record.content_types)
    if payload_type.is_noise(data, split.config.encoding or charset):
        return Reject(
            position, Reason.ENCODING, "control characters all over: binary data, or another encoding", sample
        )
    meta = {**record.meta(), "content_type": HTML[0] if unknown else media}
    if unknown or media in HTML:
        return page(position, data, meta, split.config, charset, sample)
    try:
        decoded = decode(data, split.config.encoding, (charset,), split.config.undecodable)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), sample)
    return accept(position, decoded.text, {**meta, **decoded.meta()}, sample)


def _skipped(record: Record, media: str) -> _Skipped:
    family = media.partition("/")[0]
    return _Skipped(f"{record.kind} {family if family in _MEDIA else 'unknown'}")
