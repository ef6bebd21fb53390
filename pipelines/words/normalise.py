r"""Normalised words, for comparing documents: datatrove 0.10.1's `simplify_text`, then spaCy's words.

Texts that differ only in case, numbers, punctuation, accents or whitespace become equal.

Shapes: R runs.
"""

import unicodedata
from functools import cache
from itertools import islice

import numpy as np
import regex

from pipelines.kernels.arrays import Truths
from pipelines.kernels.batch import TextBatch
from pipelines.words.interning import ChunkInterner, SplitWords, split_at_spaces
from pipelines.words.methods import SEGMENTED
from pipelines.words.punctuation import PUNCTUATION, TERMINAL_PUNCTUATION
from pipelines.words.scripts import are_unspaced, find_runs
from pipelines.words.segmentation import segment
from pipelines.words.spacy_words import spacy_language, split_texts
from pipelines.words.splitter import merged

__all__ = ["PUNCTUATION", "TERMINAL_PUNCTUATION", "normalised_splitter", "simplified_splitter", "simplify"]

# Texts in any language (ISO 639-2 "mul").
MULTIPLE = "mul"

_NUMBER = regex.compile(r"\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?")
_NO_PUNCTUATION = {ord(character): " " for character in PUNCTUATION}


def simplify(text: str) -> str:
    """Lower case; numbers are `0`; punctuation and whitespace are one space; decomposed (NFD) without marks (Mn)."""
    text = " ".join(_replace(text).split())
    return _without_marks(text).strip()


def segments(language: str) -> bool:
    """Whether runs of scripts without spaces are segmented."""
    return language == MULTIPLE or language in SEGMENTED


def normalised_splitter(language: str = "en") -> ChunkInterner:
    """The interner of normalised words in this process: the words of `simplify(text)`, chunk by chunk.

    Where scripts without spaces are segmented, that comes before their words are normalised, because dictionaries list
    words with their marks; other scripts are cut as in English.
    """
    return _multiple() if segments(language) else _single(spacy_language(language))


@cache
def simplified_splitter() -> ChunkInterner:
    """The interner of what stands between the spaces of `simplify(text)`, chunk by chunk."""

    def split(chunks: TextBatch) -> SplitWords:
        return split_at_spaces(TextBatch.from_strings(_simplify_each(chunks.strings())))

    return ChunkInterner(split)


@cache
def _multiple() -> ChunkInterner:
    def split(runs: TextBatch) -> SplitWords:
        unspaced = are_unspaced(runs)
        normalised = TextBatch.from_strings(_simplify_each(_with_spaces(runs, unspaced)))
        words = split_at_spaces(normalised.take(np.flatnonzero(unspaced)))
        return merged(unspaced, words, split_texts(normalised.take(np.flatnonzero(~unspaced)), "en"))

    return ChunkInterner(split, find=find_runs)


def _with_spaces(runs: TextBatch, unspaced: Truths) -> list[str]:
    """The runs, with a space between the words of those where `unspaced` (R,) holds."""
    strings = runs.strings()
    segmented = segment(runs.take(np.flatnonzero(unspaced)))
    words = iter(segmented.words.strings())
    for run, count in zip(np.flatnonzero(unspaced).tolist(), segmented.counts.tolist(), strict=True):
        strings[run] = " ".join(islice(words, count))
    return strings


@cache
def _single(code: str) -> ChunkInterner:
    def split(chunks: TextBatch) -> SplitWords:
        return split_texts(TextBatch.from_strings(_simplify_each(chunks.strings())), code)

    return ChunkInterner(split)


def _simplify_each(chunks: list[str]) -> list[str]:
    """`simplify` of every chunk in one call: no step crosses the newlines between them."""
    return [" ".join(chunk.split()) for chunk in _without_marks(_replace("\n".join(chunks))).split("\n")]


def _replace(text: str) -> str:
    return _NUMBER.sub("0", text.lower()).translate(_NO_PUNCTUATION)


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    text = unicodedata.normalize("NFD", text)
    return text.translate({ord(c): None for c in set(text) if unicodedata.category(c) == "Mn"})
