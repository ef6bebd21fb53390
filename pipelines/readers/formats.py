"""The one table of input formats: a name, its suffixes, its first bytes, and the module that reads it.

A format's module has `read(split, statistics) -> Iterator[Document | Reject]`; `dispatch` imports it when a file needs
it. This module imports none of the package, so that configuration can check names against it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.errors import MisuseError

_COMPRESSED = (
    (re.compile(rb"\x1f\x8b\x08"), "gzip"),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), "zstd"),  # a frame, or one to skip
)
CODECS = {".gz": "gzip", ".zst": "zstd"}

_SUFFIX = re.compile(r"\.[a-z][a-z0-9_~-]{0,9}$", re.IGNORECASE)  # `README.md`, but not `part.60375`
_HTML = re.compile(rb"(?i)\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL)
_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*(?:"|\})')
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class UnknownFormatError(MisuseError, ValueError):
    """No format has this name, or fits this file."""


def _anything(head: bytes) -> bool:
    return True


def _is_text(head: bytes) -> bool:
    """No null bytes, or a byte order mark of UTF-16 or UTF-32."""
    return b"\0" not in head or head.startswith(_WIDE_MARKS)


@dataclass(frozen=True, slots=True)
class Format:
    """One input format. `fits` looks at the first (decompressed) bytes and only refuses what cannot be read."""

    name: str
    module: str
    suffixes: tuple[str, ...] = ()
    fits: Callable[[bytes], bool] = _anything
    about: str = ""


def _starts(magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


FORMATS = {
    entry.name: entry
    for entry in (
        Format("warc", "warc", (".warc", ".wet"), _anything, "web archives: pages (WARC) and their text (WET)"),
        Format("jsonl", "jsonl", (".jsonl", ".ndjson"), _anything, "one JSON object on each line"),
        Format("json", "json_file", (".json",), _anything, "by content: JSON Lines, objects, an array of objects"),
        Format("parquet", "parquet", (".parquet",), _starts(b"PAR1"), "a text column of Parquet files"),
        Format("csv", "delimited", (".csv",), _anything, "comma separated, RFC 4180"),
        Format("tsv", "delimited", (".tsv",), _anything, "tab separated, no quoting"),
        Format("html", "html", (".html", ".htm", ".xhtml"), _anything, "main text of pages"),
        Format("markdown", "markdown", (".md", ".markdown"), _anything, "as is; front matter becomes meta"),
        Format("text", "plain", (".txt", ".text", ".rst"), _anything, "a document is the file, a paragraph or a line"),
        Format("delta", "delta", (), _starts(b"PAR1"), "the current version of a Delta table"),
        Format("python_topics", "python_topics", (), _is_text, "the help topics of the Python interpreter"),
    )
}

# Formats to try for a file without a known suffix; the first that fits.
_SNIFFED = (
    ("parquet", _starts(b"PAR1")),
    ("warc", _starts(b"WARC/")),
    ("html", lambda head: _HTML.match(head) is not None),
    ("json", lambda head: _JSON.match(head) is not None),
    ("text", _is_text),
)


def by_name(name: str) -> Format:
    """The format of this name.

    Raises:
        UnknownFormatError: there is none; the message lists those there are.
    """
    if name not in FORMATS:
        raise UnknownFormatError(f"unknown format {name!r}; known: auto, {', '.join(FORMATS)}")
    return FORMATS[name]


def codec_of(name: str, head: bytes) -> tuple[str, str]:
    """(codec, name without its suffix). A file is compressed when its suffix or its first bytes say so."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in CODECS:
        return CODECS[suffix], name[: -len(suffix)]
    for magic, codec in _COMPRESSED:
        if magic.match(head):
            return codec, name
    return "", name


def choose(name: str, head: bytes) -> Format:
    """The format of a file, from its name (compression suffix removed) and its first bytes (decompressed).

    Raises:
        UnknownFormatError: the suffix is of no known format, or the content is not what the suffix says.
    """
    suffix = PurePosixPath(name).suffix.lower()
    for entry in FORMATS.values():
        if suffix in entry.suffixes:
            if not entry.fits(head):
                raise UnknownFormatError(f"named {suffix}, but its first bytes {head[:8]!r} are not of {entry.name}")
            return entry
    for format_name, fits in _SNIFFED:
        # an unknown suffix rules out plain text: source code, style sheets, ...
        if fits(head) and (format_name in ("parquet", "warc") or not _SUFFIX.search(name)):
            return FORMATS[format_name]
    known = " ".join(s for entry in FORMATS.values() for s in entry.suffixes)
    raise UnknownFormatError(
        f"no reader for this file: known suffixes are {known}, each also with .gz or .zst, or in a .zip; "
        "name a format for the source, or exclude the file"
    )
