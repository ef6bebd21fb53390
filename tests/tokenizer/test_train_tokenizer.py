import subprocess
import sys

import pytest
from tokenizers import Tokenizer

from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.load import TokenizerError
from pipelines.tokenizer.train import train

KINDS = ["bpe", "unigram", "wordpiece"]

TRAIN_ELSEWHERE = """
import json, sys
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.train import train
job = json.load(sys.stdin)
for kind in job["kinds"]:
    print(train(job["texts"], TokenizerConfig(kind=kind, vocab_size=1500)).fingerprint)
"""


def test_two_processes_train_the_same_tokenizers(shared_data):
    import json

    texts = (shared_data / "wikitext2" / "valid.txt").read_text()[:100_000].splitlines()
    job = json.dumps({"kinds": KINDS, "texts": texts})
    outputs = {
        subprocess.run(
            [sys.executable, "-c", TRAIN_ELSEWHERE], input=job, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(outputs) == 1
    assert len(set(outputs.pop().split())) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_vocabulary_has_the_size_asked_for_and_begins_with_the_special_tokens(kind, request):
    tokenizer = request.getfixturevalue(kind)
    special = TokenizerConfig(kind=kind).special_tokens
    assert tokenizer.vocabulary_size <= 500
    assert sorted(tokenizer.vocabulary.values()) == list(range(tokenizer.vocabulary_size))
    assert [tokenizer.vocabulary[token] for token in special] == list(range(len(special)))


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_byte_level_tokenizers_write_any_text_and_read_it_back(kind, request):
    tokenizer = Tokenizer.from_str(request.getfixturevalue(kind).json)
    text = "unseen: \x00\t\r\n ħéλλø 👩‍👩‍👧 ﷽ \u3000 end "
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


@pytest.mark.parametrize("kind", KINDS)
def test_frequent_words_become_single_tokens(kind, request):
    tokenizer = Tokenizer.from_str(request.getfixturevalue(kind).json)
    assert len(tokenizer.encode(" the", add_special_tokens=False).tokens) == 1


def test_wordpiece_marks_what_continues_a_word(wordpiece):
    tokenizer = Tokenizer.from_str(wordpiece.json)
    tokens = tokenizer.encode("thethe", add_special_tokens=False).tokens
    assert tokens[0] == "the"
    assert all(token.startswith("##") for token in tokens[1:])
    assert "".join(tokens).replace("##", "") == "thethe"


def test_wordpiece_can_keep_case_and_accents(proverbs):
    config = TokenizerConfig(kind="wordpiece", vocab_size=500, lowercase=False, strip_accents=False)
    tokenizer = Tokenizer.from_str(train(proverbs, config).json)
    assert "Übung" in tokenizer.decode(tokenizer.encode("Übung").ids)


def test_a_unicode_form_is_applied_before_splitting(proverbs):
    tokenizer = Tokenizer.from_str(train(proverbs, TokenizerConfig(vocab_size=400, unicode_form="NFC")).json)
    assert tokenizer.encode("U\u0308bung").ids == tokenizer.encode("Übung").ids


@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_nothing_to_train_on_is_an_error(texts):
    with pytest.raises(TokenizerError, match="no text to train on"):
        train(texts, TokenizerConfig())
