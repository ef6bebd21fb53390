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

_SIGNATURES = tuple(
    (re.compile(signature, re.DOTALL), media)
    for signature, media in (
        (rb"\s{0,256}%PDF-", "application/pdf"),
        (rb"%!PS-Adobe-", "application/postscript"),
        (rb"\{\\rtf\d", "application/rtf"),
        (rb"PK(?:\x03\x04|\x05\x06)", "application/zip"),
        (rb"\x1f\x8b\x08", "application/gzip"),
        (rb"BZh[1-9]1AY&SY", "application/x-bzip2"),
        (rb"\xfd7zXZ\0", "application/x-xz"),
        (rb"\x28\xb5\x2f\xfd", "application/zstd"),
        (rb"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (rb"Rar!\x1a\x07", "application/vnd.rar"),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # Word and Excel before 2007
        (rb"\x7fELF", "application/x-executable"),
        (rb"MZ.\0", "application/x-dosexec"),
        (rb"\xca\xfe\xba\xbe", "application/java-vm"),
        (rb"\0asm", "application/wasm"),
        (rb"[FCZ]WS[\x01-\x08\x0e-\x1f]", "application/x-shockwave-flash"),
        (rb"SQLite format 3\0", "application/vnd.sqlite3"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"BM.{4}\0\0\0\0", "image/bmp"),
        (rb"II\*\0|MM\0\*", "image/tiff"),
        (rb"\0\0[\x01\x02]\0", "image/x-icon"),
        (rb"RIFF.{4}WEBPVP", "image/webp"),
        (rb"RIFF.{4}WAVE", "audio/wav"),
        (rb"FORM.{4}AIFF", "audio/aiff"),
        (rb"MThd\0", "audio/midi"),
        (rb"fLaC\0", "audio/flac"),
        (rb"OggS\0", "audio/ogg"),
        (rb"ID3[\x02-\x04]\0|\xff[\xfb\xf3\xf2][\x10-\xfe]", "audio/mpeg"),
        (rb"\0\0\0.ftyp", "video/mp4"),
        (rb"\x1a\x45\xdf\xa3", "video/webm"),
        (rb"RIFF.{4}AVI ", "video/x-msvideo"),
        (rb"FLV\x01", "video/x-flv"),
        (rb"\0\0\x01[\xb3\xba]", "video/mpeg"),
        (rb"wOF[F2]\0", "font/woff"),
        (rb"\0\x01\0\0\0|OTTO\0|ttcf\0", "font/otf"),
    )
)
_BINARY = bytes({*range(0x20)} - {*b"\t\n\f\r\x1b"})  # bytes that text does not have (section 3 there)
_SNIFFED = 1445  # as many bytes as a browser looks at
_WITH_CONTROLS = ("utf-16", "utf16", "utf-32", "utf32", "ucs-", "unicode", "iso-2022", "csiso2022")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")

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
    if data.startswith(b"<"):  # as most pages do, and no signature
        return ""
    return next((media for signature, media in _SIGNATURES if signature.match(data)), "")


def binary_bytes(data: bytes) -> int:
    """How many of the first bytes are some that text does not have."""
    head = data[:_SNIFFED]
    return len(head) - len(head.translate(None, _BINARY))


def is_noise(data: bytes, charset: str | None) -> bool:
    """Whether a payload without a signature has too many control characters, one in twenty, for text in a charset.

    Random bytes have one in ten. Charsets in which text has such bytes are left to their decoder.
    """
    if (charset or "").lower().startswith(_WITH_CONTROLS) or data.startswith(_WIDE):
        return False
    controls = binary_bytes(data)
    return controls > 2 and controls * 20 >= min(len(data), _SNIFFED)


def is_page(data: bytes) -> bool:
    """Whether a payload begins as an HTML page."""
    return _PAGE.match(data) is not None
