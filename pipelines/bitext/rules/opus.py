"""The measures of OpusFilter's rules (Aulamo et al., ACL 2020) that need no model.

Each equals the score of OpusFilter 3.3.1 with its defaults, with two differences that are on purpose: the longest
common substring is exact also in texts of 200 characters and more, where difflib leaves frequent characters out; and
texts of more than `LIMIT` characters are not compared with each other.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

import numpy as np
import numpy.typing as npt

from pipelines.bitext.rules import counting
from pipelines.bitext.rules.counting import ALPHABETIC_COUNT, IN_SCRIPT, IN_WORDS, LONGEST, TERMINALS, WORDS, Ratios
from pipelines.bitext.rules.texts import Side, classes
from pipelines.kernels.arrays import Integers

LIMIT = 4096
"""Characters; a sentence has fewer."""

_REPEATED = (3, 101)  # code points of what is looked for; OpusFilter's maximum of 100 leaves the first one out
_REPETITION = re.compile(r"(\S.{2,100}?)(?: *\1){2,}")
_DIGIT = re.compile("[1-9]")

Measures = dict[str, npt.NDArray[np.generic]]


def measure(source: Side, target: Side, counted: tuple[Integers, Integers], has_script: Sequence[bool]) -> Measures:
    """Field of `pair_measures.opus` -> (N,) values; NaN is null.

    Args:
        source: N texts in one language.
        target: N texts in another one.
        counted: `counting.counts` of both.
        has_script: whether the script of source, and of target, is known.
    """
    found: Measures = {}
    for name, side, columns, known in zip(("source", "target"), (source, target), counted, has_script, strict=True):
        found |= {f"{name}_{measured}": values for measured, values in _of_side(side, columns, known).items()}
    words = np.sort(np.stack([columns[:, WORDS] for columns in counted]), axis=0).astype(np.float64)
    compared = (source.codes, source.bounds, target.codes, target.bounds, LIMIT)
    return found | {
        "length_ratio": _ratio(words[1], words[0]),
        "terminal_punctuation": _terminal_punctuation(*(columns[:, TERMINALS] for columns in counted)),
        "numerals": np.array([numerals(*pair) for pair in zip(source.strings, target.strings, strict=True)]),
        "common_substring": counting.common_substrings(*compared),
        "similarity": counting.similarities(*compared),
    }


def _of_side(side: Side, counted: Integers, known: bool) -> Mapping[str, npt.NDArray[np.generic]]:
    characters, alphabetic = side.lengths, counted[:, ALPHABETIC_COUNT]
    repeats = counting.repeating(side.codes, side.bounds, classes(), *_REPEATED)
    return {
        "words": counted[:, WORDS],
        "longest_word": counted[:, LONGEST],
        "average_word_length": counted[:, IN_WORDS] / np.maximum(counted[:, WORDS], 1),
        "alphabet_ratio": np.where(characters > 0, alphabetic / np.maximum(characters, 1), 1.0),
        "script_ratio": np.where(alphabetic > 0, counted[:, IN_SCRIPT] / np.maximum(alphabetic, 1), 1.0)
        if known
        else np.full(len(characters), np.nan),
        "html_tag": np.array([has_html_tag(text) for text in side.strings], np.bool_),
        "repetitions": np.array(
            [repetitions(text) if repeated else 0 for text, repeated in zip(side.strings, repeats, strict=True)],
            np.int64,
        ),
    }


def _ratio(more: Ratios, less: Ratios) -> Ratios:
    """More over less; 0 where both are 0, and infinite where only the second is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(more == 0, 0.0, more / less)


def _terminal_punctuation(source: Integers, target: Integers) -> Ratios:
    """-log of one more than the difference of the marks and of those that each text has beside its first.

    Vázquez et al., WMT 2019.
    """
    penalty = np.abs(source - target) + np.maximum(source - 1, 0) + np.maximum(target - 1, 0)
    return -np.log(penalty + 1.0)


def numerals(source: str, target: str) -> float:
    """How alike the digits 1 to 9 of two texts are, in their order: 0 to 1 (Ratcliff and Obershelp, by difflib)."""
    one, other = _DIGIT.findall(source), _DIGIT.findall(target)
    if one == other:
        return 1.0
    return difflib.SequenceMatcher(None, one, other).ratio() if one and other else 0.0


def repetitions(text: str) -> int:
    """How often the first substring that stands three times in a row repeats behind its first occurrence; else 0."""
    found = _REPETITION.search(text)
    return found[0].count(found[1]) - 1 if found else 0


def has_html_tag(text: str) -> bool:
    """Whether there is an element's start tag, as an HTML parser finds it."""
    if "<" not in text:
        return False
    parser = _Tags()
    try:
        parser.feed(text)
        parser.close()
    except AssertionError:  # a malformed declaration
        return False
    return parser.found


class _Tags(HTMLParser):
    found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = True
