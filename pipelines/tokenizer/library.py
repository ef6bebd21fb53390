"""Asks the library for the ids of many short texts.

The library spends more on handing out an encoding than on a short text. So texts are joined and encoded as one, where
each join is a place at which texts are cut: then the ids on each side are those of that side. Which ids belong to
which text is known by the sizes of tokens, or by a marker before each text.

Shapes: N texts, T ids.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, pre_tokenizers

from pipelines.kernels.arrays import Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer.boundaries import Boundaries, spells_bytes
from pipelines.tokenizer.runs import join_runs
from pipelines.tokenizer.segments import cut

UnsignedIntegers = npt.NDArray[np.unsignedinteger]
JOINABLE = 1_000
"""Bytes of the longest texts that are joined with others."""


class EncodeEach:
    """One encoding for each text."""

    def __init__(self, tokenizer: Tokenizer, dtype: np.dtype) -> None:
        self._tokenizer = tokenizer
        self._dtype = dtype

    def __call__(self, texts: list[str]) -> tuple[UnsignedIntegers, Integers]:
        """The ids of all (N,) texts, (T,), and how many each has, (N,).

        Raises:
            OverflowError: an id does not fit the dtype.
        """
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        ids = [encoding.ids for encoding in encodings]
        counts = np.fromiter(map(len, ids), np.int64, len(ids))
        return np.fromiter(chain.from_iterable(ids), self._dtype, int(counts.sum())), counts


class Divider(Protocol):
    """Finds the ids of each of several texts among the ids of their join."""

    def before(self, text: str) -> str:
        """What is put before a text."""
        ...

    def divide(self, ids: UnsignedIntegers, texts: list[str], begins: Integers, ends: Integers) -> Integers | None:
        """Where the ids of each text begin and end, (2, N); the texts stand at `begins` to `ends`. None if unknown."""
        ...


class EncodeJoined:
    """One encoding for all texts; the same ids as `EncodeEach` gives."""

    def __init__(self, each: EncodeEach, places: Boundaries, divider: Divider) -> None:
        self._each = each
        self._places = places
        self._divider = divider

    def __call__(self, texts: list[str]) -> tuple[UnsignedIntegers, Integers]:
        """As `EncodeEach`."""
        between = [self._divider.before(text) for text in texts]
        joined = "".join(chain.from_iterable(zip(between, texts, strict=True))) + self._divider.before(" ")
        sizes = _utf8_sizes(texts)
        ends = np.cumsum(sizes + _utf8_sizes(between))
        apart = self._are_cut(joined, ends - sizes) & self._are_cut(joined, ends) & (sizes <= JOINABLE)
        if not apart.all():
            return self._partly(texts, apart)
        ids, _ = self._each([joined])
        divided = self._divider.divide(ids, texts, ends - sizes, ends)
        if divided is None:
            return self._each(texts)
        counts = divided[1] - divided[0]
        return join_runs(ids.astype(np.uint32), divided[0], counts), counts

    def _partly(self, texts: list[str], apart: Truths) -> tuple[UnsignedIntegers, Integers]:
        """Joins the texts that may be joined, and not the others."""
        counts, begins = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
        parts: list[UnsignedIntegers] = []
        for encode, chosen in ((self, np.flatnonzero(apart)), (self._each, np.flatnonzero(~apart))):
            if len(chosen):
                ids, counts[chosen] = encode([texts[number] for number in chosen.tolist()])
                begins[chosen] = sum(map(len, parts)) + np.cumsum(counts[chosen]) - counts[chosen]
                parts.append(ids.astype(np.uint32))
        return join_runs(np.concatenate(parts), begins, counts), counts

    def _are_cut(self, text: str, places: Integers) -> Truths:
        """Whether the text is cut at these byte positions, (N,)."""
        batch = TextBatch.from_strings([text])
        segments = cut(batch, self._places.classes, self._places.pairs, len(batch.data))
        cuts = np.concatenate([np.zeros(1, np.int64), *(each.ends for each in segments)])
        return cuts[np.searchsorted(cuts, places)] == places  # the last cut is the end of the text, behind all


class TokenSizes:
    """Divides by the bytes that tokens spell, where they spell slices of the text."""

    def __init__(self, vocabulary: dict[str, int]) -> None:
        alphabet = frozenset(pre_tokenizers.ByteLevel.alphabet())
        self._sizes = np.zeros(max(vocabulary.values()) + 1, np.int64)
        for token, number in vocabulary.items():
            self._sizes[number] = len(token) if alphabet.issuperset(token) else 0

    def before(self, text: str) -> str:
        """White space ends before ` 1`; a word or punctuation begins behind it. Before a space nothing is needed."""
        return "" if text[0] == " " else " 1"

    def divide(self, ids: UnsignedIntegers, texts: list[str], begins: Integers, ends: Integers) -> Integers | None:
        token_ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._sizes[ids])])
        places = np.stack([begins, ends])
        found = np.searchsorted(token_ends, places)
        return found if token_ends[-1] >= ends[-1] and (token_ends[found] == places).all() else None


@dataclass(frozen=True)
class Marker:
    """Divides by a word before each text, which is one token that no text has."""

    text: str  # a space and the word
    id: int
    newline_tokens: int  # of a newline behind it, which stands before texts that begin with a letter

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Self | None:
        """The word of the largest id that will do: rarely met, since vocabularies begin with what is frequent."""
        vocabulary = sorted(tokenizer.get_vocab(with_added_tokens=False).items(), key=lambda token: -token[1])
        for token, number in vocabulary:
            word = token.lstrip("Ġ▁")
            if not (len(word) > 3 and word.isascii() and word.isalpha()):
                continue
            alone, line = tokenizer.encode_batch_fast([f" {word}", f" {word}\n"], add_special_tokens=False)
            if alone.ids == [number] and line.ids[:1] == [number] and line.ids.count(number) == 1:
                return cls(f" {word}", number, len(line.ids) - 1)
        return None

    def before(self, text: str) -> str:
        return f"{self.text}\n" if text[0].isalpha() else self.text

    def divide(self, ids: UnsignedIntegers, texts: list[str], begins: Integers, ends: Integers) -> Integers | None:
        markers = np.flatnonzero(ids == self.id)
        if len(markers) != len(texts) + 1:  # the word occurs in a text
            return None
        newlines = np.fromiter((text[0].isalpha() for text in texts), np.int64, len(texts)) * self.newline_tokens
        return np.stack([markers[:-1] + 1 + newlines, markers[1:]])


def encode_segments(tokenizer_json: str, dtype: np.dtype, places: Boundaries) -> EncodeEach | EncodeJoined:
    """The fastest way that is known for the segments of a tokenizer.json: none is recognised as a special token."""
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.encode_special_tokens = True
    each = EncodeEach(tokenizer, dtype)
    if not places:
        return each
    if spells_bytes(tokenizer_json):
        return EncodeJoined(each, places, TokenSizes(tokenizer.get_vocab(with_added_tokens=True)))
    marker = Marker.of(tokenizer)
    return EncodeJoined(each, places, marker) if marker else each


def _utf8_sizes(texts: list[str]) -> Integers:
    return np.fromiter((len(text.encode()) for text in texts), np.int64, len(texts))
