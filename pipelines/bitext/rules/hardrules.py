"""The measures of rules that find pairs which no translator wrote, as in Bicleaner's hardrules.

Written from their published description: what each rule looks at and its default. Bytes, letters, digits and words are
those of Unicode.
"""

import re
from collections.abc import Callable, Mapping
from operator import eq

import numpy as np
import numpy.typing as npt
import regex

from pipelines.bitext.languages import base, is_without_spaces
from pipelines.bitext.rules.counting import CAPITALISED, DIGITS, IN_WORDS, LETTERED, LETTERS, WORDS, Ratios
from pipelines.bitext.rules.texts import Side
from pipelines.kernels.arrays import Integers

Measures = dict[str, npt.NDArray[np.generic]]

_LITERALS = regex.compile(r"Re:|\{\{|%s|\}\}|\+\+\+|\*\*\*|=\"")
_URLS = regex.compile(r"(?i)\bhttps?://\S+|\bwww\.\S+")
_SEPARATORS = regex.compile(r" [-/] |[<>*]| : ")
_ARROWS = regex.compile(r" » |[|→←•·¬]")
_GLUED = regex.compile(r"(?:\p{L}*?\p{Lu}\p{Ll}+){2}")
_REPEATED_WORD = regex.compile(r"(?i)(?<!\w)(\w+)((?:\s+\1(?!\w))+)")
_HIGH_LATIN = regex.compile(r"[\x80-\xFF]+")
_SPACED_LETTERS = regex.compile(r"(?<!\S)\w(?: \w){2,}(?!\S)")
_ESCAPES = regex.compile(r"\\u[0-9A-Fa-f]{4}|[Uu]\+[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]+;")
_MOJIBAKE = regex.compile(r"[ÃÂ]")
_NOT_LETTERS = re.compile(r"[\W\d_]+")

WITH_TILDE_OR_CIRCUMFLEX = frozenset(("pt", "fr", "ro", "vi", "tr", "gl", "cy", "br", "wa", "fy", "kl", "lij", "gn"))
"""Languages that write à or â as capitals, so that these are no sign of UTF-8 read as Latin-1."""

_OPENING = re.compile(r"[\[{⟨(]")
_PAIRED = re.compile(r"[\[\]{}⟨⟩]")
_WORD = re.compile(r"\w+")
_BRACKETS = (("[", "]"), ("{", "}"), ("⟨", "⟩"))


def measure(source: Side, target: Side, counted: tuple[Integers, Integers], languages: tuple[str, str]) -> Measures:
    """Field of `pair_measures.hardrules` -> (N,) values.

    Args:
        source: N texts in one language.
        target: N texts in another one.
        counted: `counting.counts` of both.
        languages: of source and target.
    """
    found: Measures = {}
    for name, side, columns, language in zip(("source", "target"), (source, target), counted, languages, strict=True):
        found |= {f"{name}_{measured}": values for measured, values in _of_side(side, columns, language).items()}
    by_bytes = any(map(is_without_spaces, languages))
    lengths = [_bytes(side) if by_bytes else side.lengths for side in (source, target)]
    more, less = np.maximum(*lengths).astype(np.float64), np.minimum(*lengths).astype(np.float64)
    pairs = list(zip(source.strings, target.strings, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return found | {
            "length_ratio": np.where(more == 0, 0.0, more / less),
            "identical": np.array([is_identical(*pair) for pair in pairs], np.bool_),
            "closing_difference": np.array([abs(one.count(")") - other.count(")")) for one, other in pairs], np.int64),
        }


def _of_side(side: Side, counted: Integers, language: str) -> Mapping[str, npt.NDArray[np.generic]]:
    characters = np.maximum(side.lengths, 1)
    without_spaces = is_without_spaces(language)
    looked_for: dict[str, Callable[[str], int]] = {
        "literals": lambda text: len(_LITERALS.findall(text)),
        "urls": lambda text: len(_URLS.findall(text)) if "://" in text or "www" in text.lower() else 0,
        "breadcrumbs": breadcrumbs,
        "glued_words": lambda text: len(_GLUED.findall(text)),
        "repeated_words": repeated_words,
        "high_latin_run": lambda text: 0 if text.isascii() else _longest(_HIGH_LATIN, text),
        "spaced_letters": lambda text: (_longest(_SPACED_LETTERS, text) + 1) // 2,
        "brackets": lambda text: len(_OPENING.findall(text)),
        "unbalanced_brackets": unbalanced_brackets,
        "escapes": lambda text: len(_ESCAPES.findall(text)) if "+" in text or "\\" in text or "&" in text else 0,
        "mojibake": lambda text: (
            0 if text.isascii() or base(language) in WITH_TILDE_OR_CIRCUMFLEX else len(_MOJIBAKE.findall(text))
        ),
    }
    found = {
        name: np.fromiter(map(count, side.strings), np.int64, len(side.strings)) for name, count in looked_for.items()
    }
    return found | {
        "characters": side.lengths,
        "words": counted[:, IN_WORDS] if without_spaces else counted[:, WORDS],
        "letter_share": counted[:, LETTERS] / characters,
        "digit_share": counted[:, DIGITS] / characters,
        "capitalised_share": _share(counted[:, CAPITALISED], counted[:, LETTERED]),
    }


def _share(part: Integers, of: Integers) -> Ratios:
    return np.where(of > 0, part / np.maximum(of, 1), 0.0)


def _bytes(side: Side) -> Integers:
    return np.fromiter((len(text.encode()) for text in side.strings), np.int64, len(side.strings))


def _longest(expression: "regex.Pattern[str]", text: str) -> int:
    return max((len(found[0]) for found in expression.finditer(text)), default=0)


def is_identical(source: str, target: str) -> bool:
    """Whether both sides have the same letters, whatever their case; false where they have none."""
    one = _NOT_LETTERS.sub("", source).casefold()
    return bool(one) and one == _NOT_LETTERS.sub("", target).casefold()


def repeated_words(text: str) -> int:
    """The most often that a word follows itself: 0 in `ja, ja`, 1 in `that that`, 2 in `no no no`."""
    words = _WORD.findall(text.casefold())
    if not any(map(eq, words, words[1:])):  # much faster than the expression, which few texts need
        return 0
    return max((len(found[2].split()) for found in _REPEATED_WORD.finditer(text)), default=0)


def unbalanced_brackets(text: str) -> int:
    """How many of [ { ⟨ and their other halves one is without the other, by their numbers."""
    if not _PAIRED.search(text):
        return 0
    return sum(abs(text.count(one) - text.count(other)) for one, other in _BRACKETS)


def breadcrumbs(text: str) -> int:
    """3 or more where a text looks like a path through a site: with 3 or more separators and 2 or more arrows."""
    separators = len(_SEPARATORS.findall(text))
    return min(separators, 1 + len(_ARROWS.findall(text))) if separators else 0
