"""From bytes to text. Encodings are never assumed.

In this order: the configured encoding; a byte order mark; UTF-8, when the bytes are UTF-8 with characters beyond ASCII
(text in other encodings never is, and pages that declare another one are wrong), also with some bad bytes among them;
the declared encodings, unless the bytes disprove them; ASCII; detection.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

from pipelines.readers.config import Undecodable
from pipelines.readers.decompress import Damage
from pipelines.readers.encoding_detection import detect, detect_seven_bit, is_mistaken, is_seven_bit
from pipelines.readers.encoding_labels import codec_of
from pipelines.readers.undecodable import Decoded, EncodingError, decoded_as

# Longer marks first: UTF-32-LE starts like UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EVIDENCE = 4
_SAMPLE = 16 << 10
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_MOSTLY_ASCII = 1000
_AS_SURROGATE = "pipelines.readers.as_surrogate"


def byte_order_mark(data: bytes) -> tuple[str, int] | None:
    """(encoding, length of the mark) when the data starts with one."""
    return next(((name, len(mark)) for mark, name in _MARKS if data.startswith(mark)), None)


def decode(
    data: bytes,
    configured: str | None = None,
    declared: Iterable[str | None] = (),
    undecodable: Undecodable = "replace",
) -> Decoded:
    """The bytes as text, and how they became it. `declared`: labels, the more trusted first.

    Raises:
        EncodingError: no encoding makes text of them.
    """
    if configured:
        return decode_utf8(data, configured, undecodable)
    if marked := byte_order_mark(data):
        encoding, length = marked
        return decoded_as(data[length:], encoding, "byte_order_mark", undecodable)
    try:
        if not data.isascii() or not is_seven_bit(data):
            return Decoded(data.decode())
    except UnicodeDecodeError:
        pass
    encoding, source = identify(data, declared)
    return decoded_as(data, encoding, source, undecodable)


def decode_utf8(data: bytes, configured: str | None, undecodable: Undecodable) -> Decoded:
    """The bytes of a format that is UTF-8 unless another encoding is configured.

    Raises:
        EncodingError: they are not.
    """
    if configured:
        return decoded_as(data, codecs.lookup(configured).name, "configured", undecodable)
    return decoded_as(data, "utf-8", "", undecodable)


def identify(data: bytes, declared: Iterable[str | None] = ()) -> tuple[str, str]:
    """(encoding, who says so) of bytes that are not valid UTF-8; may end within a character.

    Raises:
        EncodingError: nothing is declared that fits, and nothing is detected.
    """
    if _is_damaged_utf8(data):
        return "utf-8", "detected"
    for label in declared:
        encoding = codec_of(label) if label else None
        if encoding and not _is_disproved(encoding, data):
            return encoding, "declared"
    if data.isascii():
        return detect_seven_bit(data) or "utf-8", "detected"
    try:
        return detect(data), "detected"
    except EncodingError:
        beyond_ascii = len(data.translate(None, bytes(range(128))))
        if beyond_ascii * _MOSTLY_ASCII > len(data):
            raise
        return "utf-8", "detected"


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether there are at least `_EVIDENCE` continuation bytes in their place for one that is not.

    Text in another encoding has less than one: 0.96 is the most among 2,800 texts and excerpts of the Universal
    Declaration of Human Rights, in all languages and legacy encodings that can hold them.
    """
    first = _BEYOND_ASCII.search(data)
    if not first:
        return False
    if len(data) > first.start() + _SAMPLE:
        end = first.start() + _SAMPLE
        start_of_character = next((at for at in range(end, end - 4, -1) if not 0x80 <= data[at] < 0xC0), end)
        if not _is_damaged_utf8(data[first.start() : start_of_character]):
            return False  # as most texts are; to count what is wrong with all of them takes time
    try:
        found = decoded_as(data, "utf-8", limit=1)
    except EncodingError:
        return False
    continuation = len(found.text.encode()) - len(found.text) - 2 * found.undecodable
    return continuation >= max(1, _EVIDENCE * found.undecodable)


def _is_disproved(encoding: str, data: bytes) -> bool:
    """Whether the bytes cannot be in an encoding that was declared for them."""
    if encoding.startswith("utf-16"):
        return b"\0" not in data  # declared in ASCII, or text without a single space
    if encoding == "utf-8":
        return True  # it would have been found
    try:
        decoded_as(data, encoding)
    except EncodingError:
        return True
    return is_mistaken(encoding, data)


def transcode(chunks: Iterator[bytes | Damage], encoding: str) -> Iterator[bytes | Damage]:
    """The stream in UTF-8, for formats that look for line ends in bytes. Undecodable bytes become lone surrogates."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=_AS_SURROGATE)
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


codecs.register_error(_AS_SURROGATE, _as_surrogate)
