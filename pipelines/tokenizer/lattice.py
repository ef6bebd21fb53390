"""All ways to write a word with the pieces of a Unigram model, as kernels over flat arrays.

The edges that start at byte b are the pieces `edges[edge_start[b] : edge_start[b + 1]]`; piece p is `length[p]` bytes
long and has log probability `score[p]`. P pieces; other shapes as in `candidates.Candidates`.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def expected_counts(
    word_start: np.ndarray,
    word_count: np.ndarray,
    edge_start: np.ndarray,
    edges: np.ndarray,
    length: np.ndarray,
    score: np.ndarray,
) -> np.ndarray:
    """(P,) how often each piece is expected in the sample: the E step, by the forward-backward algorithm."""
    expected = np.zeros(len(length), np.float64)
    longest = np.max(word_start[1:] - word_start[:-1])
    forward = np.empty(longest + 1, np.float64)
    backward = np.empty(longest + 1, np.float64)
    for word in range(len(word_count)):
        begin = word_start[word]
        size = word_start[word + 1] - begin
        forward[: size + 1] = -np.inf
        backward[: size + 1] = -np.inf
        forward[0] = backward[size] = 0.0
        for at in range(size):
            for edge in range(edge_start[begin + at], edge_start[begin + at + 1]):
                piece = edges[edge]
                to = at + length[piece]
                forward[to] = np.logaddexp(forward[to], forward[at] + score[piece])
        for at in range(size - 1, -1, -1):
            for edge in range(edge_start[begin + at], edge_start[begin + at + 1]):
                piece = edges[edge]
                backward[at] = np.logaddexp(backward[at], backward[at + length[piece]] + score[piece])
        for at in range(size):
            for edge in range(edge_start[begin + at], edge_start[begin + at + 1]):
                piece = edges[edge]
                share = forward[at] + score[piece] + backward[at + length[piece]] - forward[size]
                expected[piece] += word_count[word] * np.exp(share)
    return expected


@njit(cache=True)
def best_counts(
    word_start: np.ndarray,
    word_count: np.ndarray,
    edge_start: np.ndarray,
    edges: np.ndarray,
    length: np.ndarray,
    score: np.ndarray,
) -> np.ndarray:
    """(P,) how often each piece occurs in the best segmentations of the sample, by the Viterbi algorithm."""
    counts = np.zeros(len(length), np.int64)
    longest = np.max(word_start[1:] - word_start[:-1])
    best = np.empty(longest + 1, np.float64)
    chosen = np.empty(longest + 1, np.int64)
    for word in range(len(word_count)):
        begin = word_start[word]
        size = word_start[word + 1] - begin
        best[: size + 1] = -np.inf
        best[0] = 0.0
        for at in range(size):
            for edge in range(edge_start[begin + at], edge_start[begin + at + 1]):
                piece = edges[edge]
                if best[at] + score[piece] > best[at + length[piece]]:
                    best[at + length[piece]] = best[at] + score[piece]
                    chosen[at + length[piece]] = piece
        at = size
        while at > 0:
            counts[chosen[at]] += word_count[word]
            at -= length[chosen[at]]
    return counts


@njit(cache=True)
def second_best(
    first: np.ndarray, edge_start: np.ndarray, edges: np.ndarray, length: np.ndarray, score: np.ndarray
) -> np.ndarray:
    """(P,) log probability of the best way to write each piece with others; -inf for a single byte."""
    others = np.empty(len(length), np.float64)
    best = np.empty(np.max(length) + 1, np.float64)
    for whole in range(len(length)):
        size = length[whole]
        best[: size + 1] = -np.inf
        best[0] = 0.0
        for at in range(size):
            for edge in range(edge_start[first[whole] + at], edge_start[first[whole] + at + 1]):
                to = at + length[edges[edge]]
                if to <= size and edges[edge] != whole:
                    best[to] = max(best[to], best[at] + score[edges[edge]])
        others[whole] = best[size]
    return others
