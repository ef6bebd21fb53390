"""Classes of characters on which all splitting expressions, and all versions of Unicode, agree.

A tokenizer may use another version of Unicode than Python. A character that has the same category in Unicode 3.2
(2002) and today has it in every tokenizer. Any other character gets no class, and texts are never cut next to it.
"""

import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np

from pipelines.kernels.arrays import Bytes

NONE = 0  # of no class
LETTER = 1  # \p{L}
HAN = 2  # letters that BERT's normaliser puts spaces around
DIGIT = 3  # 0 to 9
PUNCTUATION = 4  # \p{P} without connectors (they are \w) and the apostrophe (it begins contractions)
SOLID = 5  # any other character that is not white space and that normalisation keeps
SPACE = 6  # U+0020
TAB = 7
NEWLINE = 8  # line feed, carriage return
CLASSES = 9

_WHITE_SPACE = {" ": SPACE, "\t": TAB, "\n": NEWLINE, "\r": NEWLINE}
MAIN_PLANE = 0x10000
_OLD = unicodedata.ucd_3_2_0
_BETWEEN = "~#~"  # separates probed characters: composes with nothing, and no character is normalised to it


def character_classes(normalize: Callable[[str], str] | None) -> Bytes:
    """The class of each character of the Basic Multilingual Plane, after normalisation, (65536,).

    Args:
        normalize: the tokenizer's normaliser, which may depend on neighbouring characters only; None: no
        normalisation.

    Raises:
        ValueError: it changes `~#~`.
    """
    if normalize is None:
        return _classes_as_they_are()
    characters = [chr(point) for point in range(0x80, MAIN_PLANE) if not 0xD800 <= point < 0xE000]
    forms = normalize(_BETWEEN.join(characters)).split(_BETWEEN)
    classes = _classes_as_they_are().copy()
    known = classes.tolist()
    for character, form in zip(characters, forms, strict=True):
        if form != character:
            classes[ord(character)] = _class_of_form(
                {known[ord(each)] if ord(each) < MAIN_PLANE else NONE for each in form}
            )
    return classes


def _class_of_form(classes: set[int]) -> int:
    """The class of a character that is normalised to characters of these classes."""
    if not classes or classes & {NONE, *_WHITE_SPACE.values()}:
        return NONE
    return classes.pop() if len(classes) == 1 else SOLID


@cache
def _classes_as_they_are() -> Bytes:
    return np.array([_class(chr(point)) for point in range(MAIN_PLANE)], np.uint8)


def _class(character: str) -> int:
    if character in _WHITE_SPACE:
        return _WHITE_SPACE[character]
    if "0" <= character <= "9":
        return DIGIT
    old, now = _OLD.category(character), unicodedata.category(character)
    if old[0] != now[0] or old[0] not in "LMNPS":
        return NONE
    if old[0] == "L":
        return HAN if "㐀" <= character <= "䶿" or "一" <= character <= "鿿" else LETTER
    return PUNCTUATION if old[0] == "P" and "Pc" not in (old, now) and character != "'" else SOLID
