"""Characters of UTF-8 text in kernels, with the rules of Python's `str`: whitespace, line breaks, code points.

`data` is (B,) uint8, `position` and `end` are byte positions; nothing from `end` on is read.
"""

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.hashing import same_bytes

CODE_POINTS = 0x110000

# Bytes that may begin whitespace or a line break; all others are skipped without a further test.
MAY_BEGIN_SPACE = np.zeros(256, np.bool_)
MAY_BEGIN_SPACE[[*range(9, 14), *range(28, 33), 0xC2, 0xE1, 0xE2, 0xE3]] = True
MAY_BEGIN_LINE_BREAK = np.zeros(256, np.bool_)
MAY_BEGIN_LINE_BREAK[[*range(10, 14), 28, 29, 30, 0xC2, 0xE2]] = True


@njit(cache=True)
def space_width(data: Bytes, position: int, end: int) -> int:
    """Bytes of the whitespace character (`str.isspace`) at `position`; 0 when another character stands there."""
    byte = data[position]
    if byte < 0x80:
        return 1 if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31 else 0
    if byte == 0xC2:
        return 2 if position + 1 < end and (data[position + 1] == 0x85 or data[position + 1] == 0xA0) else 0
    if not 0xE1 <= byte <= 0xE3 or position + 2 >= end:
        return 0
    second, third = data[position + 1], data[position + 2]
    if byte == 0xE1:  # U+1680
        return 3 if second == 0x9A and third == 0x80 else 0
    if byte == 0xE3:  # U+3000
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x80:  # U+2000 to U+200A, U+2028, U+2029, U+202F
        return 3 if 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
    return 3 if second == 0x81 and third == 0x9F else 0  # U+205F


@njit(cache=True)
def line_break_width(data: Bytes, position: int, end: int) -> int:
    """Bytes of the line break (`str.splitlines`) at `position`; 0 when none stands there. CR LF is one break."""
    byte = data[position]
    if byte < 0x80:
        if byte == 13 and position + 1 < end and data[position + 1] == 10:
            return 2
        return 1 if 10 <= byte <= 13 or 28 <= byte <= 30 else 0
    if byte == 0xC2:
        return 2 if position + 1 < end and data[position + 1] == 0x85 else 0
    if byte != 0xE2 or position + 2 >= end or data[position + 1] != 0x80:
        return 0
    return 3 if data[position + 2] == 0xA8 or data[position + 2] == 0xA9 else 0


@njit(cache=True)
def skip_spaces(data: Bytes, begin: int, end: int) -> int:
    """Where the first character that is not whitespace begins: `begin` after `str.lstrip`."""
    while begin < end:
        width = space_width(data, begin, end)
        if width == 0:
            break
        begin += width
    return begin


@njit(cache=True)
def skip_spaces_back(data: Bytes, begin: int, end: int) -> int:
    """Where the last character that is not whitespace ends: `end` after `str.rstrip`."""
    while end > begin:
        width = 0
        for size in range(1, min(3, end - begin) + 1):
            if space_width(data, end - size, end) == size:
                width = size
                break
        if width == 0:
            break
        end -= width
    return end


@njit(cache=True)
def code_points(data: Bytes, begin: int, end: int) -> int:
    """Characters in a range of bytes: `len(str)`."""
    count = 0
    for position in range(begin, end):
        count += (data[position] & 0xC0) != 0x80
    return count


@njit(cache=True)
def code_point_counts(data: Bytes, begins: Integers, ends: Integers) -> Integers:
    """`len` of every text, (D,)."""
    counts = np.empty(len(begins), np.int64)
    for i in range(len(begins)):
        counts[i] = code_points(data, begins[i], ends[i])
    return counts


@njit(cache=True)
def code_point_before(data: Bytes, begin: int, end: int) -> int:
    """The last code point of a range of bytes; -1 when it is empty."""
    position = end - 1
    while position > begin and data[position] & 0xC0 == 0x80:
        position -= 1
    return code_point_at(data, position, end) if position >= begin else -1


@njit(cache=True)
def code_point_at(data: Bytes, position: int, end: int) -> int:
    """The code point whose first byte is at `position`."""
    width = utf8_width(data[position])
    point = int(data[position])
    if width > 1:
        point &= 0x7F >> width
        for follower in range(position + 1, min(position + width, end)):
            point = (point << 6) | (int(data[follower]) & 0x3F)
    return point


@njit(cache=True)
def utf8_width(lead: int) -> int:
    """Bytes of a character, from its first byte."""
    if lead < 0xC0:
        return 1
    if lead < 0xE0:
        return 2
    return 3 if lead < 0xF0 else 4


@njit(cache=True)
def contains(sorted_points: Integers, point: int) -> bool:
    """Whether a code point is in a sorted array of code points."""
    low, high = 0, len(sorted_points)
    while low < high:
        middle = (low + high) // 2
        if sorted_points[middle] < point:
            low = middle + 1
        else:
            high = middle
    return bool(low < len(sorted_points) and sorted_points[low] == point)


@njit(cache=True)
def any_in(members: Truths, data: Bytes, begins: Integers, ends: Integers) -> Truths:
    """Whether any character of each text (D,) is in a set: `members` is (0x110000,) by code point."""
    found = np.zeros(len(begins), np.bool_)
    for i in range(len(begins)):
        position = begins[i]
        while position < ends[i] and not found[i]:
            found[i] = members[code_point_at(data, position, ends[i])]
            position += utf8_width(data[position])
    return found


@njit(cache=True)
def ends_with(data: Bytes, begin: int, end: int, suffix: Bytes) -> bool:
    """Whether a range of bytes ends in the bytes `suffix`."""
    length = len(suffix)
    return end - begin >= length and same_bytes(data, end - length, suffix, 0, length)
