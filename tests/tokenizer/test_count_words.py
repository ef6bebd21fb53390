from collections import Counter

import pytest
from tokenizers import pre_tokenizers

from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.train import blank_tokenizer
from pipelines.tokenizer.words import count_words

BLANK = {
    "byte level": blank_tokenizer(TokenizerConfig()),
    "normalised": blank_tokenizer(TokenizerConfig(unicode_form="NFKD")),
    "BERT": blank_tokenizer(TokenizerConfig(kind="wordpiece")),
    "no boundaries": blank_tokenizer(TokenizerConfig()),
}
BLANK["no boundaries"].pre_tokenizer = pre_tokenizers.CharDelimiterSplit("e")


@pytest.mark.parametrize("kind", BLANK)
def test_words_are_counted_as_the_library_splits_each_text_in_order_of_first_occurrence(kind, proverbs, monkeypatch):
    monkeypatch.setattr("pipelines.tokenizer.words.TOGETHER", 7)
    tokenizer, expected = BLANK[kind], Counter()
    for text in proverbs:
        normalized = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
        expected.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized))
    assert list(count_words(iter(proverbs), tokenizer).items()) == list(expected.items())
