r"""Normalised words, for comparing documents: datatrove 0.10.1's `simplify_text`, then spaCy's words.

Texts that differ only in case, numbers, punctuation, accents or whitespace become equal.
"""

import unicodedata
from functools import cache

import regex

from pipelines.kernels.batch import TextBatch
from pipelines.words.interning import ChunkInterner, SplitWords
from pipelines.words.punctuation import PUNCTUATION, TERMINAL_PUNCTUATION
from pipelines.words.spacy_words import spacy_language, split_texts

__all__ = ["PUNCTUATION", "TERMINAL_PUNCTUATION", "normalised_splitter", "simplify"]

_NUMBER = regex.compile(r"\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?")
_NO_PUNCTUATION = {ord(character): " " for character in PUNCTUATION}


def simplify(text: str) -> str:
    """Lower case; numbers are `0`; punctuation and whitespace are one space; decomposed (NFD) without marks (Mn)."""
    text = " ".join(_replace(text).split())
    return _without_marks(text).strip()


def normalised_splitter(language: str = "en") -> ChunkInterner:
    """The interner of normalised words in this process: the words of `simplify(text)`, chunk by chunk."""
    return _interner(spacy_language(language))


@cache
def _interner(spacy_code: str) -> ChunkInterner:
    def split(chunks: TextBatch) -> SplitWords:
        return split_texts(TextBatch.from_strings(_simplify_each(chunks.strings())), spacy_code)

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
