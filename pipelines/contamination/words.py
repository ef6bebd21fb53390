"""Words for comparing texts with benchmarks, with their places and hashes.

A word is a run of letters and digits, in whatever language: punctuation, symbols, case, accents and width of letters
make no difference. Numbers count, since items of one benchmark often differ in nothing else. Runs of scripts without
spaces are cut into the words of ICU's dictionaries (docs/decisions/0030-word-segmentation.md). Unlike the words of the
rules, these do not depend on a document's language, which may be guessed otherwise for the item and for the text.

Shapes: D documents, R runs, W words.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.hashing import mix
from pipelines.kernels.utf8 import CODE_POINTS, code_point_at, utf8_width
from pipelines.words.interning import LONGEST_CHUNK, SplitWords
from pipelines.words.scripts import UNSPACED
from pipelines.words.segmentation import segment
from pipelines.words.splitter import merged

# Marks that writers leave out, or that are written as one character with their letter: accents, Hebrew points, Arabic
# vowel signs. Others, such as vowel signs of Indic scripts, are letters here.
_OPTIONAL_MARKS = ((0x300, 0x36F), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x1AB0, 0x1AFF),
                   (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))  # fmt: skip
# Soft hyphen, joiners, word joiner, variation selectors, byte order mark: invisible inside a word.
_INVISIBLE = ((0xAD, 0xAD), (0x200C, 0x200D), (0x2060, 0x2060), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF))

_BREAK, _SKIPPED = 0, -1  # in the table of characters; every other value is the character that one counts as


@dataclass(frozen=True, slots=True)
class PlacedWords:
    """Word w is `begins[w]:ends[w]` of the batch's bytes; document d has the words `offsets[d]:offsets[d + 1]`."""

    begins: Integers  # (W,)
    ends: Integers  # (W,)
    offsets: Integers  # (D + 1,)


def placed_words(texts: TextBatch) -> PlacedWords:
    """The words of every text, and where they stand."""
    begins, ends, offsets, unspaced = _runs(
        _characters(), UNSPACED, texts.data, texts.begins, texts.ends, LONGEST_CHUNK
    )
    if not unspaced.any():
        return PlacedWords(begins, ends, offsets)
    by_dictionary = segment(TextBatch(texts.data, begins[unspaced], ends[unspaced]))
    whole = TextBatch(texts.data, begins[~unspaced], ends[~unspaced])
    split = merged(unspaced, by_dictionary, SplitWords(whole, np.ones(len(whole), np.int64)))
    through = np.concatenate([np.zeros(1, np.int64), np.cumsum(split.counts)])
    return PlacedWords(split.words.begins, split.words.ends, through[offsets])


def word_hashes(texts: TextBatch, words: PlacedWords) -> npt.NDArray[np.uint64]:
    """Two independent hashes of each word, (W, 2), equal for words that differ in what makes no difference."""
    return _hashes(_characters(), texts.data, words.begins, words.ends)


# Han and Hangul as they stand: most of all letters, and none has another form.
_WITHOUT_FORMS = (range(0x3400, 0xA000), range(0xAC00, 0xD7A4), range(0x20000, 0x2F800), range(0x30000, 0x32400))


@cache
def _characters() -> Ids:
    """What each code point counts as, (0x110000,)."""
    table = np.zeros(CODE_POINTS, np.int32)
    for codes in _WITHOUT_FORMS:
        table[codes.start : codes.stop] = codes
    for code in (*range(0x20000), *range(0x2F800, 0x2FA20)):
        if not table[code] and unicodedata.category(chr(code))[0] in "LMN":
            table[code] = _folded(chr(code))
    for first, last in (*_OPTIONAL_MARKS, *_INVISIBLE):
        table[first : last + 1] = _SKIPPED
    return table


def _folded(character: str) -> int:
    """Lower case, without accents, in its common form (NFKC); itself where that is several characters."""
    lower = character.lower()
    parts = [each for each in unicodedata.normalize("NFKD", lower) if not _is_optional(ord(each))]
    return ord(parts[0]) if len(parts) == 1 else ord(lower[0])


def _is_optional(code: int) -> bool:
    return any(first <= code <= last for first, last in _OPTIONAL_MARKS)


@njit(cache=True)
def _runs(
    characters: Ids,
    members: npt.NDArray[np.bool_],
    data: Bytes,
    text_begins: Integers,
    text_ends: Integers,
    longest: int,
) -> tuple[Integers, Integers, Integers, npt.NDArray[np.bool_]]:
    """Runs of letters and digits, cut where a script without spaces begins or ends, and there at `longest`."""
    capacity = 1
    for d in range(len(text_begins)):
        capacity += text_ends[d] - text_begins[d]
    begins, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    unspaced = np.empty(capacity, np.bool_)
    offsets = np.zeros(len(text_begins) + 1, np.int64)
    count = 0
    for d in range(len(text_begins)):
        position, end = text_begins[d], text_ends[d]
        begin, length, in_unspaced = -1, 0, False
        while position < end:
            point = code_point_at(data, position, end)
            value = characters[point]
            is_letter = value != _BREAK and (value != _SKIPPED or begin >= 0)
            now_unspaced = in_unspaced if value == _SKIPPED else bool(members[point])
            full = in_unspaced and length == longest
            if begin >= 0 and (not is_letter or now_unspaced != in_unspaced or full):
                begins[count], ends[count], unspaced[count] = begin, position, in_unspaced
                count += 1
                begin = -1
                is_letter = is_letter and value != _SKIPPED
            if is_letter:
                if begin < 0:
                    begin, length = position, 0
                length += 1
                in_unspaced = now_unspaced
            position += utf8_width(data[position])
        if begin >= 0:
            begins[count], ends[count], unspaced[count] = begin, end, in_unspaced
            count += 1
        offsets[d + 1] = count
    return begins[:count].copy(), ends[:count].copy(), offsets, unspaced[:count].copy()


@njit(cache=True)
def _hashes(characters: Ids, data: Bytes, begins: Integers, ends: Integers) -> npt.NDArray[np.uint64]:
    hashes = np.empty((len(begins), 2), np.uint64)
    for word in range(len(begins)):
        first, second = np.uint64(0xCBF29CE484222325), np.uint64(0x9AE16A3B2F90404F)
        position = begins[word]
        while position < ends[word]:
            value = characters[code_point_at(data, position, ends[word])]
            if value > 0:
                first = (first ^ np.uint64(value)) * np.uint64(0x100000001B3)
                second = mix(second + np.uint64(value) * np.uint64(0x9E3779B97F4A7C15))
            position += utf8_width(data[position])
        hashes[word, 0], hashes[word, 1] = mix(first), second
    return hashes
