"""How much of a text was extracted, and how much besides: precision, recall and F1 of words, as WCXB counts them."""

import re
from collections import Counter
from dataclasses import dataclass

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Score:
    """Of one page; of many, the means over pages."""

    precision: float
    recall: float
    f1: float


def score(found: str, expected: str) -> Score:
    """Of words (`\\w+`, lower case) as multisets, so their order does not count.

    Nothing expected and nothing found is 1; only one of the two is 0. As `evaluate.py` of WCXB 1.0.
    """
    found_words, expected_words = words(found), words(expected)
    if not found_words or not expected_words:
        return Score(*[float(not found_words and not expected_words)] * 3)
    common = (found_words & expected_words).total()
    if not common:
        return Score(0.0, 0.0, 0.0)
    precision, recall = common / found_words.total(), common / expected_words.total()
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


def words(text: str) -> Counter[str]:
    """How often each word occurs."""
    return Counter(_WORD.findall(text.lower()))
