"""Scripts that write no spaces between words, and the runs that texts are cut into there.

Shapes: D documents, R runs.
"""

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.utf8 import CODE_POINTS, MAY_BEGIN_SPACE, code_point_at, space_width, utf8_width

# Letters and marks. Digits and punctuation of these scripts are left to the rules that cut those of all others.
_UNSPACED = """
    0E01-0E3A 0E40-0E4E
    0E81-0EBE 0EC0-0ECE 0EDC-0EDF
    1000-103F 104C-1089 108E-108F 109A-109F A9E0-A9EF A9FA-A9FE AA60-AA7F
    1780-17D3 17D7 17DC-17DD
    2E80-2FDF 3005-3007 3021-3029 3031-3035 3038-303C 3400-4DBF 4E00-9FFF F900-FAFF 20000-323AF
    3041-309F 30A1-30FA 30FC-30FF 3105-312F 31A0-31BF 31F0-31FF FF66-FF9F 1AFF0-1B16F
"""  # Thai; Lao; Burmese and its sisters; Khmer; Han; kana and Bopomofo (Unicode 17, Scripts.txt)


def _members(listing: str) -> Truths:
    members = np.zeros(CODE_POINTS, np.bool_)
    for item in listing.split():
        first, _, last = item.partition("-")
        members[int(first, 16) : int(last or first, 16) + 1] = True
    return members


UNSPACED = _members(_UNSPACED)
_FIRST_LEAD = 0xE0  # no character of these scripts has a smaller first byte
_ZERO_WIDTH_SPACE = 0x200B


def are_unspaced(texts: TextBatch) -> Truths:
    """Whether each text begins in a script without spaces, (D,): for runs of `find_runs`, whether they are in one."""
    return _begin_unspaced(UNSPACED, texts.data, texts.begins, texts.ends)


@njit(cache=True)
def _begin_unspaced(members: Truths, data: Bytes, begins: Integers, ends: Integers) -> Truths:
    found = np.zeros(len(begins), np.bool_)
    for i in range(len(begins)):
        if begins[i] < ends[i] and data[begins[i]] >= _FIRST_LEAD:
            found[i] = members[code_point_at(data, begins[i], ends[i])]
    return found


def find_runs(data: Bytes, begins: Integers, ends: Integers, longest: int) -> tuple[Integers, Integers, Integers]:
    """As `pipelines.words.interning.find_chunks`, and cut where a script without spaces begins or ends.

    A zero-width space after such a script separates words, as typists of Thai and Khmer use it, and is in no run.

    Returns:
        begins (R,), ends (R,), byte positions; offsets (D + 1,), runs of each document.
    """
    return _find_runs(UNSPACED, data, begins, ends, longest)


@njit(cache=True)
def _find_runs(
    members: Truths, data: Bytes, text_begins: Integers, text_ends: Integers, longest: int
) -> tuple[Integers, Integers, Integers]:
    capacity = 1
    for d in range(len(text_begins)):
        capacity += text_ends[d] - text_begins[d]
    begins, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    offsets = np.zeros(len(text_begins) + 1, np.int64)
    count = 0
    for d in range(len(text_begins)):
        position, end = text_begins[d], text_ends[d]
        begin, characters, in_unspaced = position, 0, False
        while position < end:
            byte = data[position]
            width = space_width(data, position, end) if MAY_BEGIN_SPACE[byte] else 0
            unspaced = False
            if width == 0 and byte >= _FIRST_LEAD:
                point = code_point_at(data, position, end)
                unspaced = bool(members[point])
                width = 3 if in_unspaced and point == _ZERO_WIDTH_SPACE else 0
            if position > begin and (width or unspaced != in_unspaced or characters == longest):
                begins[count], ends[count] = begin, position
                count += 1
                begin, characters = position, 0
            if width:
                position += width
                begin = position
            else:
                in_unspaced = unspaced
                characters += 1
                position += utf8_width(byte)
        if end > begin:
            begins[count], ends[count] = begin, end
            count += 1
        offsets[d + 1] = count
    return begins[:count].copy(), ends[:count].copy(), offsets
