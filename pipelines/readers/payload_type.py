"""What a payload is: its media type, from the archive, the server and the bytes, in this order of trust.

1. Bytes that begin as a PDF, an image or another binary format are that, whoever calls them a page.
2. The type that the archive identified (`WARC-Identified-Payload-Type`).
3. The type that the server named. Of several, the first that is a page or text, else the first.
4. Where neither says more than `application/octet-stream`, bytes that begin as HTML are HTML.

Signatures are those of the MIME Sniffing Standard (mimesniff.spec.whatwg.org, sections 6 and 7.1), and of formats that
are often called text by mistake.
"""

import re
from collections.abc import Sequence

HTML = ("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml")
TEXT = ("text/plain",)

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?\s*([a-z0-9_:.-]{2,40})""")
_SAYS_NOTHING = re.compile(r"(?:application|binary|content|unknown)/(?:x-)?(?:octet-stream|unknown)")

_SIGNATURES = (
    (re.compile(rb"\s{0,256}%PDF-"), "application/pdf"),
    (re.compile(rb"%!PS-Adobe-"), "application/postscript"),
    (re.compile(rb"\{\\rtf\d"), "application/rtf"),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06)"), "application/zip"),
    (re.compile(rb"\x1f\x8b\x08"), "application/gzip"),
    (re.compile(rb"BZh[1-9]1AY&SY"), "application/x-bzip2"),
    (re.compile(rb"\xfd7zXZ\0"), "application/x-xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "application/zstd"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "application/x-7z-compressed"),
    (re.compile(rb"Rar!\x1a\x07"), "application/vnd.rar"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "application/x-ole-storage"),  # Word, Excel before 2007
    (re.compile(rb"\x7fELF|MZ[\0-\xff]\0|\xca\xfe\xba\xbe|\0asm"), "application/x-executable"),
    (re.compile(rb"[FCZ]WS[\x01-\x20]"), "application/x-shockwave-flash"),
    (re.compile(rb"SQLite format 3\0"), "application/vnd.sqlite3"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "image/bmp"),
    (re.compile(rb"II\*\0|MM\0\*"), "image/tiff"),
    (re.compile(rb"\0\0[\x01\x02]\0"), "image/x-icon"),
    (re.compile(rb"RIFF.{4}WEBPVP", re.DOTALL), "image/webp"),
    (re.compile(rb"RIFF.{4}WAVE|fLaC\0|OggS\0|FORM.{4}AIFF|MThd\0", re.DOTALL), "audio/basic"),
    (re.compile(rb"ID3[\x02-\x04]\0|\xff[\xfb\xf3\xf2][\x10-\xfe]"), "audio/mpeg"),
    (re.compile(rb"\0\0\0.ftyp|\x1a\x45\xdf\xa3|RIFF.{4}AVI |FLV\x01|\0\0\x01[\xb3\xba]", re.DOTALL), "video/mp4"),
    (re.compile(rb"wOF[F2]\0|\0\x01\0\0\0|OTTO\0|ttcf\0"), "font/otf"),
)
_PAGE = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s{0,1024}(?:"
    rb"(?:<\?xml[^>]{0,256}>\s{0,1024})?<(?:!doctype\s+html|html)[\s>]"
    rb"|<(?:head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta)[\s>/]"
    rb"|<!--)"
)


def named(values: Sequence[str]) -> str:
    """The media type that header values name, empty when they name none."""
    types = [value.partition(";")[0].strip().lower() for value in values]
    real = sorted(filter(_TYPE.fullmatch, types), key=says_nothing)
    return next((each for each in real if each in (*HTML, *TEXT)), next(iter(real), ""))


def says_nothing(media: str) -> bool:
    """Whether a media type leaves open what the bytes are."""
    return not media or _SAYS_NOTHING.fullmatch(media) is not None


def charset(values: Sequence[str]) -> str | None:
    """The charset that header values name."""
    return next((found[1] for found in map(_CHARSET.search, values) if found), None)


def binary(data: bytes) -> str:
    """The media type of a payload that begins as a binary format, empty for all others."""
    return next((media for signature, media in _SIGNATURES if signature.match(data)), "")


def is_page(data: bytes) -> bool:
    """Whether a payload begins as an HTML page."""
    return _PAGE.match(data) is not None
