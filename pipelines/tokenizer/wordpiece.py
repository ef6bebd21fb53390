"""Deterministic WordPiece training.

The library assigns ids to `##` tokens in the order of a randomly seeded hash map, and breaks ties between merges by
id. Here each character after the first of a word is shifted to an unused range of code points. WordPiece training is
then BPE training, whose alphabet is sorted, so the result depends on the texts alone. The shift is undone at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.words import count_words

INSIDE = 0x80000
"""Distance of the shift. Words with characters from here on (mostly private use) are left out of training."""

ALPHABET_SHARE = 4
"""At most a quarter of the vocabulary is spent on single characters: rarer ones become `[UNK]`."""


def train(texts: Iterable[str], tokenizer: Tokenizer, config: TokenizerConfig) -> models.WordPiece:
    """A WordPiece model over the words that `tokenizer` normalises and splits.

    Ids: special tokens, then single characters in code point order, then merges as BPE finds them.
    """
    words = _moved(count_words(texts, tokenizer))
    alphabet = _frequent_characters(words, config.vocab_size // ALPHABET_SHARE)
    words = {word: count for word, count in words.items() if alphabet.issuperset(word)}
    pair_merger = Tokenizer(models.BPE())
    pair_merger.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size - len(config.special_tokens),
        min_frequency=config.min_frequency,
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    pair_merger.train_from_iterator(_repeated(words), trainer)
    merged = pair_merger.get_vocab()
    tokens = [*config.special_tokens, *map(_spelled, sorted(merged, key=merged.__getitem__))]
    return models.WordPiece({token: number for number, token in enumerate(tokens)}, unk_token="[UNK]")


def _moved(words: Counter[str]) -> dict[str, int]:
    return {
        word[0] + "".join(chr(ord(character) + INSIDE) for character in word[1:]): count
        for word, count in words.items()
        if max(map(ord, word)) < INSIDE
    }


def _spelled(token: str) -> str:
    inside = "".join(chr(ord(character) - INSIDE) for character in token[1:])
    return token[0] + inside if ord(token[0]) < INSIDE else "##" + chr(ord(token[0]) - INSIDE) + inside


def _frequent_characters(words: dict[str, int], limit: int) -> set[str]:
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            counts[character] += count
    return set(sorted(counts, key=lambda character: (-counts[character], character))[:limit])


def _repeated(words: dict[str, int], longest: int = 10_000) -> Iterator[str]:
    """Each word repeated by its count, in texts of at most `longest` words."""
    for word, count in words.items():
        for start in range(0, count, longest):
            yield " ".join([word] * min(longest, count - start))
