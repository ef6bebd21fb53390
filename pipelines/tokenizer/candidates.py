"""The candidate pieces of Unigram training: all substrings of words that are frequent in the sample."""

from collections import Counter
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Candidates:
    """P candidate pieces and the E places where they occur in W distinct words of B bytes.

    A piece is named by its first occurrence: `text[first : first + length]`. The pieces that start at byte b are
    `edges[edge_start[b] : edge_start[b + 1]]`, shortest first.
    """

    text: np.ndarray  # (B,) uint8
    word_start: np.ndarray  # (W + 1,)
    word_count: np.ndarray  # (W,) occurrences in the sample
    first: np.ndarray  # (P,)
    length: np.ndarray  # (P,) bytes
    frequency: np.ndarray  # (P,) occurrences in the sample
    edge_start: np.ndarray  # (B + 1,)
    edges: np.ndarray  # (E,)

    def keep(self, kept: np.ndarray) -> "Candidates":
        """Only the pieces for which the (P,) mask `kept` is true."""
        edge_kept = kept[self.edges]
        return Candidates(
            self.text,
            self.word_start,
            self.word_count,
            self.first[kept],
            self.length[kept],
            self.frequency[kept],
            np.concatenate(([0], np.cumsum(edge_kept)))[self.edge_start],
            (np.cumsum(kept) - 1)[self.edges[edge_kept]],
        )

    def spelled(self) -> list[bytes]:
        """(P,) the bytes of each piece."""
        text = self.text.tobytes()
        return [text[at : at + size] for at, size in zip(self.first.tolist(), self.length.tolist(), strict=True)]


def frequent_substrings(words: Counter[bytes], longest: int, at_least: int) -> Candidates:
    """All single bytes, and all substrings of 2 to `longest` bytes that occur `at_least` times.

    Substrings of n bytes are numbered from those of n - 1 bytes and the byte behind them (Karp, Miller, Rosenberg
    1972); rare substrings are not extended, since extensions are no more frequent.
    """
    text = np.frombuffer(b"".join(words), np.uint8)
    word_start = np.concatenate(([0], np.cumsum([len(word) for word in words])))
    word_count = np.array(list(words.values()), np.int64)
    word = np.repeat(np.arange(len(word_count)), np.diff(word_start))
    end, count = word_start[1:][word], word_count[word]  # (B,) of the word that a byte belongs to

    at = np.arange(len(text))  # where substrings of the current size start
    number = np.zeros(len(text), np.int64)  # of the substring without its last byte
    found, sizes, places, numbers, pieces = [], [], [], [], 0
    for size in range(1, longest + 1):
        key = number * 256 + text[at + size - 1]
        _, first, number = np.unique(key, return_index=True, return_inverse=True)
        frequency = np.bincount(number, weights=count[at], minlength=len(first)).astype(np.int64)
        kept = frequency >= (1 if size == 1 else at_least)
        found.append(np.stack((at[first[kept]], frequency[kept])))
        sizes.append(np.full(int(kept.sum()), size))
        at, number = at[kept[number]], (np.cumsum(kept) - 1)[number[kept[number]]]
        places.append(at)
        numbers.append(number + pieces)
        pieces += int(kept.sum())
        longer = at + size < end[at]
        at, number = at[longer], number[longer]
        if not len(at):
            break
    place = np.concatenate(places)
    by_place = np.argsort(place, kind="stable")
    first, frequency = np.concatenate(found, axis=1)
    edge_start = np.searchsorted(place[by_place], np.arange(len(text) + 1))
    edges = np.concatenate(numbers)[by_place]
    return Candidates(text, word_start, word_count, first, np.concatenate(sizes), frequency, edge_start, edges)
