"""Small texts and tokenizers trained on them, once per session."""

import pytest

from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.train import train

PROVERBS = [
    "The early bird catches the worm, but the second mouse gets the cheese.",
    "Don't count your chickens before they're hatched; it's 1,234 to 1.",
    "Wer andern eine Grube gräbt, fällt selbst hinein. Übung macht den Meister!",
    "千里之行，始于足下。\n学而时习之，不亦说乎？",
    "Тише едешь — дальше будешь.\n\n\tСемь раз отмерь, один раз отрежь.",
]


@pytest.fixture(scope="session")
def proverbs() -> list[str]:
    return PROVERBS * 20


@pytest.fixture(scope="session")
def bpe(proverbs: list[str]) -> LoadedTokenizer:
    return train(proverbs, TokenizerConfig(kind="bpe", vocab_size=500))


@pytest.fixture(scope="session")
def unigram(proverbs: list[str]) -> LoadedTokenizer:
    return train(proverbs, TokenizerConfig(kind="unigram", vocab_size=500))


@pytest.fixture(scope="session")
def wordpiece(proverbs: list[str]) -> LoadedTokenizer:
    return train(proverbs, TokenizerConfig(kind="wordpiece", vocab_size=500))
