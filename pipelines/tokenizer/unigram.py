"""Deterministic Unigram training (Kudo 2018, "Subword Regularization").

The candidates are all frequent substrings of words, as bytes. Each round estimates their probabilities by expectation
maximisation, then drops those whose removal lowers the likelihood least, until the vocabulary has its size.
Single bytes are never dropped, so every text can be encoded. The library's own trainer sums in the order of a randomly
seeded hash map, so its result differs between runs.
"""

import itertools
from collections import Counter
from collections.abc import Iterable

import numpy as np
from scipy.special import digamma
from tokenizers import Tokenizer, models

from pipelines.tokenizer import lattice
from pipelines.tokenizer.candidates import Candidates, frequent_substrings
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.words import count_words

LONGEST_PIECE = 16  # bytes
SEEDS = 1_000_000  # most candidates of the first round
SHRINK = 0.75  # share of the candidates kept in a round
SPARE = 1.1  # rounds end at this multiple of the vocabulary; then the least probable pieces are dropped
EM_STEPS = 2  # per round
RARE = 0.5  # a piece with a lower expected count is dropped at once
UNSEEN = 10.0  # log probability of an unseen byte below that of the least probable piece


def train(texts: Iterable[str], tokenizer: Tokenizer, config: TokenizerConfig) -> models.Unigram:
    """A Unigram model over the byte-level words that `tokenizer` normalises and splits.

    Ids: special tokens, then pieces from the most to the least probable, then bytes that the texts lack.
    """
    candidates = frequent_substrings(
        _as_bytes(count_words(texts, tokenizer)), LONGEST_PIECE, max(2, config.min_frequency)
    )
    size = config.vocab_size - len(config.special_tokens) - (256 - len(np.unique(candidates.text)))
    candidates, score = _pruned(_seeds(candidates), size)
    pieces = dict(zip(candidates.spelled(), score.tolist(), strict=True))
    unseen = float(score.min()) - UNSEEN
    pieces |= {bytes([byte]): unseen for byte in range(256) if bytes([byte]) not in pieces}
    ranked = sorted(pieces.items(), key=lambda piece: (-piece[1], piece[0]))
    special = [(token, 0.0) for token in config.special_tokens]
    return models.Unigram([*special, *((_as_characters(piece), score) for piece, score in ranked)])


def _pruned(candidates: Candidates, size: int) -> tuple[Candidates, np.ndarray]:
    """At most `size` pieces, and the log probability of each."""
    score = np.log(candidates.frequency / candidates.frequency.sum())
    while True:
        for _ in range(EM_STEPS):
            candidates, score = _em_step(candidates, score)
        if len(score) <= size * SPARE:
            break
        candidates, score = _prune(candidates, score, max(int(size * SPARE), int(len(score) * SHRINK)))
    candidates, score = _largest(candidates, score, score, size)
    return candidates, score


def _em_step(candidates: Candidates, score: np.ndarray) -> tuple[Candidates, np.ndarray]:
    """One step of expectation maximisation; digamma makes it a Bayesian one, which favours few pieces."""
    expected = lattice.expected_counts(*_words(candidates), score)
    kept = (expected >= RARE) | (candidates.length == 1)
    expected = np.maximum(expected[kept], RARE)
    return candidates.keep(kept), digamma(expected) - digamma(expected.sum())


def _prune(candidates: Candidates, score: np.ndarray, size: int) -> tuple[Candidates, np.ndarray]:
    """Keeps the `size` pieces whose removal would cost the most likelihood."""
    uses = lattice.best_counts(*_words(candidates), score)
    others = lattice.second_best(candidates.first, candidates.edge_start, candidates.edges, candidates.length, score)
    others[candidates.length == 1] = 0.0  # unused, since single bytes are never dropped
    return _largest(candidates, score, uses * (score - others), size)


def _largest(candidates: Candidates, score: np.ndarray, merit: np.ndarray, size: int) -> tuple[Candidates, np.ndarray]:
    """The `size` pieces of the largest merit, all single bytes among them; of equal merit the earlier ones."""
    merit = np.where(candidates.length == 1, np.inf, merit)
    kept = np.zeros(len(merit), bool)
    kept[np.argsort(-merit, kind="stable")[: max(size, int((candidates.length == 1).sum()))]] = True
    return candidates.keep(kept), score[kept]


def _seeds(candidates: Candidates) -> Candidates:
    """At most `SEEDS` candidates, those that cover the most text."""
    covered = (candidates.frequency * candidates.length).astype(float)
    return _largest(candidates, covered, covered, SEEDS)[0]


def _words(candidates: Candidates) -> tuple[np.ndarray, ...]:
    return candidates.word_start, candidates.word_count, candidates.edge_start, candidates.edges, candidates.length


def _as_bytes(words: Counter[str]) -> Counter[bytes]:
    number = {character: byte for byte, character in enumerate(BYTE_CHARACTERS)}
    return Counter({bytes(map(number.__getitem__, word)): count for word, count in words.items()})


def _as_characters(piece: bytes) -> str:
    return "".join(BYTE_CHARACTERS[byte] for byte in piece)


def _byte_characters() -> tuple[str, ...]:
    themselves = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = itertools.count(0x100)
    return tuple(chr(byte if byte in themselves else next(others)) for byte in range(256))


BYTE_CHARACTERS = _byte_characters()
"""(256,) the character of each byte in byte-level splitting: printable Latin-1 as is, others from U+0100 on."""
