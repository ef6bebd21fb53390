"""C4's tests of one line, as kernels.

`data` is (B,) uint8; a line is the bytes from `begin` to `end`.
"""

import unicodedata

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.hashing import same_bytes
from pipelines.kernels.utf8 import MAY_BEGIN_SPACE, code_point_at, contains, ends_with, space_width, utf8_width

# The bits that `find_phrases` returns.
LOREM_IPSUM, JAVASCRIPT, CURLY_BRACKET, POLICY = 1, 2, 4, 8

_PHRASES = {
    "lorem ipsum": LOREM_IPSUM,
    "javascript": JAVASCRIPT,
    "{": CURLY_BRACKET,
    "terms of use": POLICY,
    "privacy policy": POLICY,
    "cookie policy": POLICY,
    "uses cookies": POLICY,
    "use of cookies": POLICY,
    "use cookies": POLICY,
}
_PHRASE_BYTES = np.frombuffer("".join(_PHRASES).encode(), np.uint8)
_PHRASE_ENDS = np.cumsum([len(phrase) for phrase in _PHRASES])
_PHRASE_BITS = np.array(list(_PHRASES.values()), np.int64)
_CURLY = ord("{")


def _first_letters() -> Truths:
    """Which two bytes may begin a phrase, (65536,): a filter that passes few positions."""
    starts = np.zeros((256, 256), np.bool_)
    for phrase in _PHRASES:
        for first in {phrase[0], phrase[0].upper()}:
            for second in {phrase[1:2], phrase[1:2].upper()} - {""}:
                starts[ord(first), ord(second)] = True
    return starts.reshape(-1)


_MAY_BEGIN_PHRASE = _first_letters()

# The only character outside of ASCII that `str.lower` turns into one letter of ASCII: U+212A to `k`. (U+0130 becomes
# `i` and a combining dot, so it never matches a phrase: none ends in `i`.)
_KELVIN_SIGN = np.frombuffer("\N{KELVIN SIGN}".encode(), np.uint8)

_EDIT = np.frombuffer(b"[edit]", np.uint8)
_CITATION_NEEDED = np.frombuffer(b"[citation needed]", np.uint8)
_DOTS = np.frombuffer(b"...", np.uint8)


def _decimal_digits() -> Integers:
    r"""Code points that `\d` matches, ascending."""
    points = range(0x80, 0x20000)
    return np.array([point for point in points if unicodedata.category(chr(point)) == "Nd"], np.int64)


_OTHER_DIGITS = _decimal_digits()


@njit(cache=True)
def words_and_longest(data: Bytes, begin: int, end: int, enough: int) -> tuple[int, int]:
    """`line.split()`: how many, and the code points of the longest; stops after `enough` words."""
    words, longest, length = 0, 0, 0
    position = begin
    while position < end:
        byte = data[position]
        width = space_width(data, position, end) if MAY_BEGIN_SPACE[byte] else 0
        if width:
            length = 0
            position += width
            continue
        words += length == 0
        if words == enough:
            return words, longest
        length += byte & 0xC0 != 0x80
        longest = max(longest, length)
        position += 1
    return words, longest


@njit(cache=True)
def copy_without_citations(data: Bytes, begin: int, end: int, out: Bytes, position: int, citations: bool) -> int:
    """Copies a line to `out` from `position` on, with `citations` without them -> where the copy ends."""
    source = begin
    while source < end:
        width = citation_width(data, source, end) if citations and data[source] == 91 else 0
        if width:
            source += width
            continue
        out[position] = data[source]
        position += 1
        source += 1
    return position


@njit(cache=True)
def citation_width(data: Bytes, position: int, end: int) -> int:
    r"""Bytes of `\[\d*]|\[edit]|\[citation needed]` at an opening bracket; 0 when none stands there."""
    after = position + 1
    while after < end and _is_digit(data, after, end):
        after += utf8_width(data[after])
    if after < end and data[after] == 93:
        return after + 1 - position
    if end - position >= len(_EDIT) and same_bytes(data, position, _EDIT, 0, len(_EDIT)):
        return len(_EDIT)
    length = len(_CITATION_NEEDED)
    return length if end - position >= length and same_bytes(data, position, _CITATION_NEEDED, 0, length) else 0


@njit(cache=True)
def _is_digit(data: Bytes, position: int, end: int) -> bool:
    byte = data[position]
    if byte < 0x80:
        return bool(48 <= byte <= 57)
    return contains(_OTHER_DIGITS, code_point_at(data, position, end))


@njit(cache=True)
def ends_as_sentence(data: Bytes, begin: int, end: int) -> bool:
    """Whether a line ends in `.`, `?`, `!`, `"` or `'`, but not in `...`."""
    if end == begin:
        return False
    last = data[end - 1]
    marked = last == 46 or last == 63 or last == 33 or last == 34 or last == 39
    return bool(marked) and not ends_with(data, begin, end, _DOTS)


@njit(cache=True)
def find_phrases(data: Bytes, begin: int, end: int) -> int:
    """Bits of the phrases that a line contains, as `phrase in line.lower()` finds them."""
    found = 0
    for position in range(begin, end):
        byte = data[position]
        following = data[position + 1] if position + 1 < end else 0
        if byte != _CURLY and not _MAY_BEGIN_PHRASE[np.int64(byte) << 8 | following]:
            continue
        phrase_begin = 0
        for phrase in range(len(_PHRASE_ENDS)):
            phrase_end = _PHRASE_ENDS[phrase]
            if _begins_with_phrase(data, position, end, phrase_begin, phrase_end):
                found |= _PHRASE_BITS[phrase]
            phrase_begin = phrase_end
    return found


@njit(cache=True)
def _begins_with_phrase(data: Bytes, position: int, end: int, phrase_begin: int, phrase_end: int) -> bool:
    for i in range(phrase_begin, phrase_end):
        if position >= end:
            return False
        letter, byte = _PHRASE_BYTES[i], data[position]
        if byte == letter or (65 <= byte <= 90 and byte + 32 == letter):
            position += 1
        elif letter == 107 and end - position >= 3 and same_bytes(data, position, _KELVIN_SIGN, 0, 3):
            position += 3
        else:
            return False
    return True
