"""From bytes to text. Encodings are detected, never assumed, and decoding is strict: no replacement characters.

In this order: the configured encoding; a byte order mark; UTF-8, when the bytes are valid UTF-8 with characters beyond
ASCII (text in other encodings rarely is, and pages that declare another one are wrong); the declared encoding; ASCII;
uchardet's guess.
"""

import codecs
import re
from collections.abc import Iterator

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from pipelines.readers.decompress import Damage

# Longer marks first: UTF-32-LE starts like UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(rb"""(?i)<meta\b[^>]{0,512}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{2,40})""")
_DECLARED_XML = re.compile(rb"""(?i)\A\s*<\?xml\b[^>]{0,256}?encoding\s*=\s*["']([a-z0-9_:.-]{2,40})""")
# Python's tables under the names of the Encoding Standard, where they differ.
_PYTHON_NAMES = {"big5": "big5hkscs", "euc-kr": "cp949", "shift_jis": "cp932", "shift-jis": "cp932", "gbk": "gb18030"}
_DETECTION_BYTES = 256 << 10
UNDECODABLE = "pipelines.readers.undecodable"


class EncodingError(ValueError):
    """Bytes that cannot be decoded in the configured, declared or detected encoding."""


def byte_order_mark(data: bytes) -> tuple[str, int] | None:
    """(encoding, length of the mark) when the data starts with one."""
    return next(((name, len(mark)) for mark, name in _MARKS if data.startswith(mark)), None)


def declared_in_html(data: bytes) -> str | None:
    """The charset that a page's first 4 KiB declare."""
    found = _META_CHARSET.search(data[:4096]) or _DECLARED_XML.search(data[:4096])
    return found[1].decode("ascii") if found else None


def decode(data: bytes, configured: str | None = None, declared: str | None = None) -> tuple[str, str]:
    """(text, name of the encoding it was in).

    Raises:
        EncodingError: strict decoding fails.
    """
    if configured:
        return _strict(data, configured), configured
    if marked := byte_order_mark(data):
        encoding, length = marked
        return _strict(data[length:], encoding), encoding
    if not data.isascii():
        try:
            return data.decode(), "utf-8"
        except UnicodeDecodeError as error:
            if len(data) - error.start < 4 and error.reason == "unexpected end of data" and error.start > 0:
                raise EncodingError(f"UTF-8 whose last character is cut off at byte {error.start}") from error
    known = map_encoding_to_html5(declared, fallback_utf8=False) if declared else None
    if known and not (known.startswith("utf-16") or known == "utf-8"):  # a declaration in ASCII bytes disproves these
        encoding = _python_name(known)
        return _strict(data, encoding), encoding
    if data.isascii() and b"\x1b" not in data:
        return data.decode("ascii"), "utf-8"
    encoding = detect(data)
    return _strict(data, encoding), encoding


def detect(data: bytes) -> str:
    """The encoding that uchardet detects, by its Python name.

    Raises:
        EncodingError: it detects nothing, or an encoding outside the Encoding Standard, such as a DOS code page, which
            is a frequent mistake for short texts in rare languages.
    """
    guess = detect_encoding(data, max_len=_DETECTION_BYTES, html5_compatible=False)
    known = map_encoding_to_html5(guess, fallback_utf8=False) if guess else None
    if not known:
        seen = f"only a guess at {guess}" if guess else "no other encoding detected"
        raise EncodingError(f"not UTF-8, and {seen}: set `encoding` for this source if you know it")
    return _python_name(known)


def transcode(chunks: Iterator[bytes | Damage], encoding: str) -> Iterator[bytes | Damage]:
    """The stream in UTF-8, for formats that look for line ends in bytes. Undecodable bytes become invalid UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=UNDECODABLE)
    for chunk in chunks:
        if isinstance(chunk, Damage):
            yield _encode(decoder.decode(b"", True))
            decoder.reset()
            yield chunk
        else:
            yield _encode(decoder.decode(chunk))
    yield _encode(decoder.decode(b"", True))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _as_surrogate(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\udc80", error.end


codecs.register_error(UNDECODABLE, _as_surrogate)


def _python_name(encoding: str) -> str:
    name = _PYTHON_NAMES.get(encoding.lower(), encoding.lower())
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        reason = f"{error.reason} at byte {error.start}" if isinstance(error, UnicodeDecodeError) else str(error)
        raise EncodingError(f"not {encoding}: {reason}") from error
