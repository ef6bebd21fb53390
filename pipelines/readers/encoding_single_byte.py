"""How likely bytes are in an encoding of one byte a character: from the counts of bytes and of their neighbours."""

import math
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from pipelines.readers.encoding_languages import DOS, SINGLE_BYTE, Languages

Array = npt.NDArray[np.float64]

_ACCENTED = 0.08  # probability of a letter beyond ASCII in the Latin script
_FOREIGN = 1e-3  # of a letter that the language has not, among those beyond ASCII
_QUOTES = "«»“”„‘‚…¿¡‹›"
_DASHES = "–—"
_SIGNS = "·•°§©®™€£№½¼¾×÷±²³µ"
_WITHIN_WORDS = "’´\u00ad"
_SPACE = "\u00a0"
# Kinds of characters.
_OTHER, _LOWER, _UPPER, _HIGH_LOWER, _HIGH_UPPER, _CASELESS, _QUOTE, _DASH, _SIGN, _APOSTROPHE, _BLANK, _JUNK = range(
    12
)
_KINDS = 12
_PROBABLE = {_QUOTE: 0.005, _DASH: 0.005, _SIGN: 0.005, _APOSTROPHE: 0.005, _BLANK: 0.1, _JUNK: 1e-6}
_ASCII_LETTERS = (_LOWER, _UPPER)
_LETTERS = (_LOWER, _UPPER, _HIGH_LOWER, _HIGH_UPPER, _CASELESS)
_IS_ASCII_LETTER = np.array([chr(byte).isascii() and chr(byte).isalpha() for byte in range(256)])
_FEWEST = -15.0  # what a text of few letters beyond ASCII costs at most: it may be an island in markup, or in English


class Counts:
    """Bytes beyond ASCII and their neighbours, and how many ASCII letters there are."""

    def __init__(self, data: bytes, ascii_letters: int) -> None:
        padded = np.frombuffer(b" " + data + b" ", np.uint8)
        at = np.flatnonzero(padded >= 0x80)
        self._before, self._bytes, self._after = padded[at - 1], padded[at], padded[at + 1]
        self._histogram = np.bincount(self._bytes, minlength=256).astype(float)
        self._ascii_letters = ascii_letters

    def in_none(self) -> float:
        """Likelihood when each byte beyond ASCII is as probable as any other."""
        within = int((_IS_ASCII_LETTER[self._before] | _IS_ASCII_LETTER[self._after]).sum())
        return within * math.log(_ACCENTED / 128) + (len(self._bytes) - within) * math.log(1 / 128)

    def in_each(self, encoding: str, languages: Languages) -> Iterator[tuple[str, float]]:
        """(language, likelihood) in the encoding."""
        kinds = _kinds(encoding)
        triples = (kinds[self._before] * _KINDS + kinds[self._bytes]) * _KINDS + kinds[self._after]
        beside = float(_neighbours(_is_latin(encoding))[triples].sum())
        letters = (_letters(encoding) @ self._histogram).tolist()
        for (language, (share, _)), likely in zip(languages.items(), letters, strict=True):
            yield language, beside + likely + self.so_few(share)

    def so_few(self, share: float) -> float:
        """How unlikely so few letters beyond ASCII are in a language where they are this share of all."""
        total = len(self._bytes) + self._ascii_letters
        seen = len(self._bytes) / total if total else 1.0
        if seen >= share:
            return 0.0
        divergence = seen * math.log(seen / share) + (1 - seen) * math.log((1 - seen) / (1 - share))
        return max(_FEWEST, -total * divergence)


@cache
def _characters(encoding: str) -> tuple[str, ...]:
    return tuple(bytes([byte]).decode(encoding, "replace") for byte in range(256))


@cache
def _kinds(encoding: str) -> npt.NDArray[np.int64]:
    return np.array([_kind(character) for character in _characters(encoding)])


@cache
def _is_latin(encoding: str) -> bool:
    languages = (SINGLE_BYTE | DOS)[encoding][1]
    return all(unicodedata.name(letters[0]).startswith("LATIN") for _, letters in languages.values())


def _kind(character: str) -> int:
    if character.isascii():
        return _LOWER if character.islower() else _UPPER if character.isupper() else _OTHER
    for kind, characters in _BY_KIND.items():
        if character in characters:
            return kind
    return _CATEGORIES.get(unicodedata.category(character), _JUNK)


_BY_KIND = {_QUOTE: _QUOTES, _DASH: _DASHES, _SIGN: _SIGNS, _APOSTROPHE: _WITHIN_WORDS, _BLANK: _SPACE, _JUNK: "ªº"}
_CATEGORIES = {"Ll": _HIGH_LOWER, "Lu": _HIGH_UPPER, "Lo": _CASELESS, "Lm": _CASELESS, "Mn": _CASELESS}


@cache
def _letters(encoding: str) -> Array:
    """Logarithm of the probability of each byte as a character of each of the encoding's languages."""
    return np.array([_of_language(encoding, letters) for _, letters in (SINGLE_BYTE | DOS)[encoding][1].values()])


def _of_language(encoding: str, letters: str) -> list[float]:
    share = _ACCENTED if _is_latin(encoding) else 1.0
    known = dict(zip(letters, falling(len(letters), len(letters) / 8), strict=True))
    found = [0.0] * 128
    for character, kind in list(zip(_characters(encoding), _kinds(encoding).tolist(), strict=True))[128:]:
        letter = "i" if character == "İ" else character.lower()
        found.append(math.log(_PROBABLE.get(kind) or share * known.get(letter, _FOREIGN)))
    return found


def falling(count: int, offset: float) -> list[float]:
    """Probabilities that fall with the rank (Zipf and Mandelbrot)."""
    raw = [1 / (rank + 1 + offset) for rank in range(count)]
    return [each / sum(raw) for each in raw]


@cache
def _neighbours(latin: bool) -> Array:
    """Logarithm of a factor for each character between two others, by their kinds."""
    kinds = range(_KINDS)
    return np.array([math.log(_factor(*three, latin)) for three in product(kinds, kinds, kinds)])


# Kind -> factor beside no letter, one, or two: quotes stand at words, signs and spaces apart, apostrophes within.
_BESIDE_LETTERS = {
    _QUOTE: (1.0, 4.0, 0.02),
    _DASH: (4.0, 0.2, 0.2),
    _SIGN: (4.0, 0.1, 0.03),
    _APOSTROPHE: (1.0, 1.0, 8.0),
    _BLANK: (1.0, 1.0, 0.2),
}


def _factor(before: int, kind: int, after: int, latin: bool) -> float:
    factor = 1.0
    if kind == _HIGH_UPPER:
        factor *= 0.01 if before in (_LOWER, _HIGH_LOWER) else 0.1
    if kind == _HIGH_LOWER and before in (_UPPER, _HIGH_UPPER) and after in (_UPPER, _HIGH_UPPER):
        factor *= 0.02
    if kind == _HIGH_LOWER and before == _OTHER and latin:
        factor *= 0.5
    letters = (before in _LETTERS) + (after in _LETTERS)  # beside it
    if (
        kind in (_DASH, _SIGN) and latin
    ):  # where letters beyond ASCII are few, signs are many of the characters beyond it
        factor *= 4.0
    factor *= _BESIDE_LETTERS.get(kind, (1.0, 1.0, 1.0))[letters]
    if not latin and kind in _LETTERS[2:] and (before in _ASCII_LETTERS or after in _ASCII_LETTERS):
        factor *= 0.02
    return factor
