"""The inputs and outputs of readers: input files and splits, documents and rejects."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipelines.readers.config import SourceConfig
from pipelines.readers.undecodable import whole_characters

SAMPLE_BYTES = 256


class Reason(StrEnum):
    """Why input could not become a document. This is the one list of all reasons."""

    EMPTY = "empty"  # nothing but white space, also after extraction
    OVERSIZED = "oversized"  # longer than max_document_bytes
    DECOMPRESSION_BOMB = "decompression_bomb"  # expands beyond max_decompressed_bytes
    TRUNCATED = "truncated"  # compressed data ends too early
    CORRUPT = "corrupt"  # bytes that cannot be decompressed, or belong to no record
    WRONG_LENGTH = "wrong_length"  # a WARC record whose Content-Length is not its length
    MALFORMED_RECORD = "malformed_record"  # WARC or HTTP headers, help topics, that cannot be parsed
    MALFORMED_JSON = "malformed_json"  # a line or element that is not one JSON object; a file that is no JSON
    MALFORMED_ROW = "malformed_row"  # a delimited row with other fields than its header, or a quote left open
    MISSING_TEXT = "missing_text"  # no such key or column, or its value is not text
    ENCODING = "encoding"  # bytes that are no text in the given or detected encoding; surrogates
    NULL_CHARACTER = "null_character"  # U+0000 in the text: binary data, or a wrong encoding
    EXTRACTION_TIMEOUT = "extraction_timeout"
    EXTRACTION_FAILED = "extraction_failed"
    UNSUPPORTED = "unsupported"  # no reader for this file, or a feature that its reader lacks
    UNREADABLE = "unreadable"  # vanished, forbidden, not a file, broken storage
    READER_FAILED = "reader_failed"  # an error in the reader, or in a library that it uses
    CHANGED = "changed"  # the file is not what it was when it was listed
    UNALIGNED = "unaligned"  # one file of a Moses corpus alone, or two whose lines do not match
    MALFORMED_XML = "malformed_xml"  # a translation memory that is not well-formed, or declares entities
    MALFORMED_CATALOGUE = "malformed_catalogue"  # a gettext file that breaks its grammar
    MISSING_LANGUAGE = "missing_language"  # a translation unit or catalogue without one of the wanted languages
    UNTRANSLATED = "untranslated"  # a message of gettext without translation
    FUZZY = "fuzzy"  # a translation that gettext marks as unsure
    OBSOLETE = "obsolete"  # a message that its program no longer has
    RETRACTED = "retracted"  # somebody asked for it to leave the lake; `detail` is the doc_id of the retraction


# Reasons unrelated to the content: another run may be able to read these files.
TRANSIENT = frozenset({Reason.UNREADABLE, Reason.CHANGED})


@dataclass(frozen=True, slots=True)
class Document:
    """Text as extracted; `meta` holds the record's other fields."""

    position: int
    text: str
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """One record, or damaged range, that did not become a document; `sample` holds its first raw bytes."""

    position: int
    reason: Reason
    detail: str = ""
    sample: bytes = b""


Records = Iterator[Document | Reject]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A listed file, or a member of a zip archive."""

    source: str
    uri: str  # full path or URL; for archive members `archive.zip!/member`
    path: str  # relative to the source's root; enters doc_id
    format: str
    codec: str  # "", gzip or zstd
    size: int  # bytes; uncompressed for archive members
    fingerprint: str  # of the content
    location: str  # of the physical file: the archive for a member
    stamp: str = ""  # size and time of change: while it stays the same, so does the fingerprint
    member: int = -1  # index in the archive
    partition: tuple[tuple[str, str], ...] = ()  # column values that stand outside the file
    columns: tuple[tuple[str, str], ...] = ()  # logical -> physical names of a Delta table's columns
    problem: Reject | None = None  # found while listing; the file becomes this reject


@dataclass(frozen=True, slots=True)
class Split:
    """A piece of one file that one task reads: the records that start in bytes [start, end)."""

    file: InputFile
    config: SourceConfig
    start: int
    end: int


@dataclass(slots=True)
class ReadStatistics:
    """What a reader has read. Rows are counted where they are found, before they become documents or rejects."""

    rows: int = 0
    bytes: int = 0  # fetched from storage
    skipped: Counter[str] = field(default_factory=Counter)  # records that are not rows, by type


def doc_id(source: str, path: str, position: int, text: str) -> str:
    """32 hex digits of BLAKE2b-128 (RFC 7693) over the fields, each preceded by its length as 8 bytes little-endian.

    Depends on where a text stands in its source, not on where the source is mounted.
    """
    digest = hashlib.blake2b(digest_size=16)
    for value in (source.encode(), path.encode(), b"%d" % position, text.encode()):
        digest.update(len(value).to_bytes(8, "little"))
        digest.update(value)
    return digest.hexdigest()


def accept(position: int, text: str, meta: Mapping[str, str], sample: bytes) -> Document | Reject:
    """The last check of every text, whatever its format."""
    if not text or text.isspace():
        return Reject(position, Reason.EMPTY, "no text", sample[:SAMPLE_BYTES])
    if "\0" in text:
        detail = f"U+0000 at character {text.index(chr(0))}"
        return Reject(position, Reason.NULL_CHARACTER, detail, sample[:SAMPLE_BYTES])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        detail = f"unpaired surrogate at character {error.start}"
        return Reject(position, Reason.ENCODING, detail, sample[:SAMPLE_BYTES])
    return Document(position, text, {storable(key): storable(value) for key, value in meta.items()})


def storable(text: str) -> str:
    """The text without surrogates, so that it can be written as UTF-8."""
    return whole_characters(text)[0]
