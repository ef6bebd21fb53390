"""Web archives: pages (WARC) and their text (WET), plain, gzip or zstd.

Rows are `response`, `resource` and `conversion` records that hold HTML or plain text. Records of other types or
media are not rows; they are counted by type. A position is the byte offset of the record in a plain file.
In a compressed file it is the offset of the member (as in CDX indexes) plus the record's number in it, from 0.
"""

import io
import re
from collections.abc import Iterator

from fastwarc.warc import ArchiveIterator, WarcRecord

from pipelines.readers.decompress import Damage, codec
from pipelines.readers.encoding import decode
from pipelines.readers.html import page
from pipelines.readers.http_payload import payload
from pipelines.readers.line_reader import record_limit, stored
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept, storable
from pipelines.readers.storage import ReadError, Source, open_source
from pipelines.readers.undecodable import EncodingError
from pipelines.readers.warc_frames import Buffer, Frame, frames
from pipelines.readers.warc_members import SMALLEST_MEMBER, runs

_HTML = ("text/html", "application/xhtml+xml")
_TEXT = ("text/plain",)
_ROWS = ("response", "resource", "conversion")
_OTHER_TYPES = ("warcinfo", "request", "metadata", "revisit", "continuation")
_MEDIA = ("application", "audio", "font", "image", "message", "model", "multipart", "text", "video")  # RFC 6838
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([a-z0-9_:.-]{2,40})""")
_KEPT = {"url": "WARC-Target-URI", "id": "WARC-Record-ID", "date": "WARC-Date"}


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
            position, frame = found
            row = _row(position, frame, split, statistics)
            if row is not None:
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
        held = Frame(held.ordinal, held.offset, held.data, buffer.damage.reason, buffer.damage.detail)
    if held:
        yield held


def _row(position: int, frame: Frame, split: Split, statistics: ReadStatistics) -> Document | Reject | None:
    """A document, a reject, or None for a record that is not a row, which is counted as skipped."""
    sample = frame.data[:256]
    record = _parsed(frame)
    if isinstance(record, ReadError):
        statistics.rows += 1
        return Reject(position, record.reason, record.detail, sample)
    kind = _header(record, "WARC-Type").strip().lower()
    media = _media(record)
    if kind not in _ROWS or media not in (*_HTML, *_TEXT):
        statistics.skipped[_label(kind, media)] += 1
        return None
    statistics.rows += 1
    return _document(position, record, media, split, sample)


def _parsed(frame: Frame) -> WarcRecord | ReadError:
    """The record with its HTTP headers parsed, or the reject."""
    if frame.problem:
        return ReadError(frame.problem, frame.detail)
    try:
        stream = io.BytesIO(frame.data + b"\r\n\r\n")
        record = next(iter(ArchiveIterator(stream, parse_http=False, stream_detect=False, quirks_mode=True)))
        if not _header(record, "WARC-Type"):
            return ReadError(Reason.MALFORMED_RECORD, "no WARC-Type")
        if record.is_http and _header(record, "WARC-Type") == "response":
            record.parse_http(auto_decode="transfer")
            if record.http_headers is None or record.http_headers.status_code is None:
                return ReadError(Reason.MALFORMED_RECORD, "an HTTP response without a status line")
    except (OSError, ValueError, StopIteration) as error:
        return ReadError(Reason.MALFORMED_RECORD, storable(str(error)) or "headers cannot be parsed")
    return record


def _document(position: int, record: WarcRecord, media: str, split: Split, sample: bytes) -> Document | Reject:
    try:
        data = payload(record, split.config)
    except ReadError as error:
        return Reject(position, error.reason, error.detail, sample)
    limit = split.config.max_document_bytes
    if len(data) > limit:
        return Reject(position, Reason.OVERSIZED, f"{len(data):,} bytes, over {limit:,}", sample)
    charset = _charset(record)
    if media in _HTML:
        return page(position, data, _meta(record, media), split.config, charset, sample)
    try:
        decoded = decode(data, split.config.encoding, (charset,), split.config.undecodable)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), sample)
    return accept(position, decoded.text, {**_meta(record, media), **decoded.meta()}, sample)


def _meta(record: WarcRecord, media: str) -> dict[str, str]:
    found = {name: _header(record, header) for name, header in _KEPT.items()}
    if record.http_headers is not None:
        found["http_status"] = str(record.http_headers.status_code or "")
    return {name: value for name, value in {**found, "content_type": media}.items() if value}


def _header(record: WarcRecord, name: str) -> str:
    return storable(record.headers.get(name) or "")


def _content_type(record: WarcRecord) -> str:
    """The media type given by the server, or by the archive for records without HTTP headers."""
    if record.http_headers is not None:
        return storable(record.http_headers.get("Content-Type") or "")
    return _header(record, "Content-Type")


def _media(record: WarcRecord) -> str:
    named = _content_type(record) or _header(record, "WARC-Identified-Payload-Type")
    return named.partition(";")[0].strip().lower()


def _charset(record: WarcRecord) -> str | None:
    found = _CHARSET.search(_content_type(record))
    return found[1] if found else None


def _label(kind: str, media: str) -> str:
    """The name under which a record that is not a row is counted: one of a bounded set."""
    if kind not in _ROWS:
        return kind if kind in _OTHER_TYPES else "unknown"
    family = media.partition("/")[0]
    return f"{kind} {family if family in _MEDIA else 'unknown'}"
