"""Which package encodes, and that the run is told why."""

import sys

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from pipelines.tokenizer import choice as choices
from pipelines.tokenizer import fast
from pipelines.tokenizer.boundaries import SPLIT_PATTERNS
from pipelines.tokenizer.choice import choose_encoder
from pipelines.tokenizer.hard_texts import hard_texts
from pipelines.tokenizer.load import LoadedTokenizer, TokenizerError, parse


@pytest.fixture(scope="module")
def o200k() -> LoadedTokenizer:
    """Has tokens that show where a contraction was split otherwise."""
    pattern = next(pattern for pattern in SPLIT_PATTERNS if r"\p{Lu}" in pattern)
    blank = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    blank.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    blank.train_from_iterator(["don't they're the US's it'll 'S ſ's ſ"] * 3, trainer)
    return parse(blank.to_str())


def test_byte_level_bpe_is_encoded_by_fastokens(bpe, proverbs):
    choice = choose_encoder(bpe, proverbs)
    assert choice.name == "fastokens"
    assert f"{len(proverbs)} of the run's" in choice.why


@pytest.mark.parametrize(
    ("kind", "reason"), [("unigram", "unsupported model type: Unigram"), ("wordpiece", "BertNormalizer")]
)
def test_what_fastokens_does_not_read_is_encoded_by_the_library_and_the_part_is_named(kind, reason, request):
    tokenizer = request.getfixturevalue(kind)
    choice = choose_encoder(tokenizer, [])
    assert choice.name == "tokenizers"
    assert reason in choice.why
    with pytest.raises(TokenizerError, match=reason):
        choose_encoder(tokenizer, [], "fastokens")


def test_the_configuration_can_name_the_library(bpe):
    choice = choose_encoder(bpe, [], "tokenizers")
    assert choice.name == "tokenizers"
    assert "the configuration names it" in choice.why


def test_an_encoder_that_gives_other_ids_is_not_taken_and_the_text_is_named(o200k, monkeypatch):
    monkeypatch.setattr(fast, "DIFFERENT", "no text has this")  # then nothing is left to the library
    choice = choose_encoder(o200k, [])
    assert choice.name == "tokenizers"
    assert "other ids for \"s'ſ'S's\"" in choice.why
    with pytest.raises(TokenizerError, match="other ids"):
        choose_encoder(o200k, [], "fastokens")


def test_a_difference_in_a_text_of_the_run_counts_too(o200k, monkeypatch):
    monkeypatch.setattr(fast, "DIFFERENT", "no text has this")
    monkeypatch.setattr(choices, "hard_texts", lambda added_tokens: ["easy"])
    assert choose_encoder(o200k, ["it's"]).name == "fastokens"
    assert "other ids for \"s'ſ'S's\"" in choose_encoder(o200k, ["it's", "s'ſ'S's"]).why


def test_the_contraction_that_fastokens_follows_wrongly_is_left_to_the_library(o200k):
    assert choose_encoder(o200k, ["s'ſ'S's"]).name == "fastokens"


def test_without_fastokens_the_library_encodes(bpe, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastokens", None)
    choice = choose_encoder(bpe, ["the early bird"])
    assert (choice.name, choice.why.split(";")[0]) == ("tokenizers", "fastokens is not installed")


def test_the_hard_texts_hold_each_added_token_as_text(bpe):
    texts = hard_texts(bpe.added_tokens)
    for token in bpe.added_tokens:
        assert {token, f"a{token}b"} <= set(texts)


def test_the_hard_texts_are_text_and_more_than_one_call_of_the_library():
    texts = hard_texts()
    assert "".join(texts).encode().decode() == "".join(texts)
    assert max(len(text.encode()) for text in texts) > 128 << 10  # where fastokens begins to divide a text
