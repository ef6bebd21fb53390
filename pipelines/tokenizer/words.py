"""The words that a tokenizer's own normaliser and pre-tokenizer see, counted."""

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer


def count_words(texts: Iterable[str], tokenizer: Tokenizer) -> Counter[str]:
    """How often each word occurs, in the order of first occurrence."""
    normalizer, pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    counts: Counter[str] = Counter()
    for text in texts:
        normalized = normalizer.normalize_str(text) if normalizer else text
        counts.update(word for word, _ in pre_tokenizer.pre_tokenize_str(normalized))
    return counts
