"""Bytes and surrogates that are no characters: each becomes U+FFFD and is counted, or the record is refused.

A pair of surrogates that was encoded one by one, as MySQL's `utf8` and Java write characters beyond the first plane
(CESU-8, Unicode Technical Report 26), becomes the character it stands for.
"""

import codecs
import re
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.errors import TokenlakeError
from pipelines.readers.config import Undecodable

LIMIT = 20
"""A record may have one undecodable place in so many characters; with more it is no text in this encoding."""

REPLACEMENT = "\ufffd"
_PAIRS = re.compile(rb"(?:\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])+")
_LONE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
# What browsers decode (encoding.spec.whatwg.org) and Python's tables lack.
_ABSENT = {("gb18030", b"\x80"): "€", ("big5hkscs", b"\xa3\xe1"): "€"}
_ABSENT |= {
    ("euc_jp", bytes([0xAD, trail])): bytes([0xAD, trail]).decode("euc_jis_2004", "replace")  # NEC's row 13: ①㈱㎡
    for trail in range(0xA1, 0xFF)
}
_COMPLETED = frozenset(encoding for encoding, _ in _ABSENT)
_FEW = 1000
_COMPLETE = "pipelines.readers.complete"


class EncodingError(TokenlakeError, ValueError):
    """Bytes that cannot be decoded in the configured, declared or detected encoding."""


class Decoded(NamedTuple):
    """Text, the encoding it was in, who says so, and what was done to make it text."""

    text: str
    encoding: str = "utf-8"
    source: str = ""  # configured, byte_order_mark, declared, detected; nothing for plain ASCII and UTF-8
    undecodable: int = 0  # places that became U+FFFD
    joined: int = 0  # pairs of surrogates that became a character

    def part(self, text: str, undecodable: Undecodable) -> "Decoded":
        """A piece of this text whose escapes were undone, which may have brought surrogates.

        Raises:
            EncodingError: a surrogate without its other half, and they are to be refused.
        """
        whole, joined, lone = whole_characters(text)
        if lone and undecodable == "reject":
            raise EncodingError(f"{lone} unpaired surrogates")
        return Decoded(whole, self.encoding, self.source, self.undecodable + lone, self.joined + joined)

    def meta(self) -> dict[str, str]:
        """What `meta` says of it: nothing when it was valid UTF-8."""
        found = {}
        if self.encoding != "utf-8" or self.undecodable or self.joined:
            found = {"encoding": self.encoding, "encoding_source": self.source or "declared"}
        if self.undecodable:
            found["undecodable"] = str(self.undecodable)
        if self.joined:
            found["joined_surrogates"] = str(self.joined)
        return found


def together(parts: Sequence[Decoded]) -> Decoded:
    """How the lines of one record were decoded; the text of it is of no use."""
    if len(parts) == 1:
        return parts[0]
    other = next((part for part in parts if part.encoding != "utf-8"), Decoded(""))
    undecodable, joined = sum(part.undecodable for part in parts), sum(part.joined for part in parts)
    return Decoded("", other.encoding, other.source, undecodable, joined)


def decoded_as(
    data: bytes, encoding: str, source: str = "", undecodable: Undecodable = "replace", limit: int = LIMIT
) -> Decoded:
    """The bytes in this encoding, as `source` says; a place that is no character becomes U+FFFD.

    Raises:
        EncodingError: such places are to be refused, or there are more than one in `limit` characters.
    """
    try:
        return Decoded(data.decode(encoding), encoding, source)
    except UnicodeDecodeError as error:
        first = error
    except UnicodeError as error:  # of a codec that does not say where
        raise EncodingError(f"not {encoding}: {error}") from error
    joined, lone = 0, 0
    if encoding == "utf-8":
        in_pairs, data = len(data), _PAIRS.sub(_joined, data)
        joined = (in_pairs - len(data)) // 2  # six bytes become four
        data, lone = _LONE.subn(REPLACEMENT.encode(), data)
    text = data.decode(encoding, "replace")
    count = lone + _replaced(text, data, encoding)
    if encoding in _COMPLETED and (count < _FEW or count * limit <= len(text)):  # this is slow
        text = decode_completely(data, encoding)
        count = _replaced(text, data, encoding)
    if count and (undecodable == "reject" or count * limit > len(text)):
        places = "" if count == 1 else f", the first of {count:,} places"
        raise EncodingError(f"not {encoding}: {first.reason} at byte {first.start}{places}")
    return Decoded(text, encoding, source, count, joined)


def decode_completely(data: bytes, encoding: str) -> str:
    """The bytes as browsers decode them, with U+FFFD for what is no character; slow where there is much of it."""
    return data.decode(encoding, _COMPLETE if encoding in _COMPLETED else "replace")


def whole_characters(text: str) -> tuple[str, int, int]:
    """(text without surrogates, pairs that were joined, surrogates that were alone and became U+FFFD)."""
    if text.isascii():
        return text, 0, 0
    try:
        text.encode()
    except UnicodeEncodeError:
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole, len(text) - len(whole), whole.count(REPLACEMENT) - text.count(REPLACEMENT)
    return text, 0, 0


def _replaced(text: str, data: bytes, encoding: str) -> int:
    """How many U+FFFD of the text the bytes do not have."""
    return text.count(REPLACEMENT) - data.decode(encoding, "ignore").count(REPLACEMENT)


def _joined(pairs: re.Match[bytes]) -> bytes:
    return pairs[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def _complete(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    for length in (1, 2):
        end = error.start + length
        if character := _ABSENT.get((error.encoding, error.object[error.start : end])):
            return character, end
    return REPLACEMENT, error.end


codecs.register_error(_COMPLETE, _complete)
