"""Which tokens continue a word, from a tokenizer.json alone; compared with the words that the tokenizer splits."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from pipelines.errors import MissingPathError
from pipelines.storage.storage import Storage
from pipelines.tables import SequenceFormat
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.load import parse
from pipelines.tokenizer.train import train
from training.feed.errors import FeedMisuseError
from training.feed.tokenizer_json import read, special_ids, word_parts

TEXTS = [
    "Unbelievable harbours are lighted by lighthouses; it's 1234 metres, isn't it? Überraschung für die Möwe!",
    "The unlighted harbourmaster’s house (number 77a) burned in 1906 — nobody slept… 東京の灯台 naïve café.",
] * 3


def trained(kind) -> str:
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    return train(TEXTS, TokenizerConfig(kind=kind, vocab_size=340, special_tokens=special)).json


def parts_of(text_of_json):
    content = json.loads(text_of_json)
    return word_parts(content, len(Tokenizer.from_str(text_of_json).get_vocab()))


def words_of(text_of_json, text):
    """The text's tokens, joined to words by the table."""
    encoded = Tokenizer.from_str(text_of_json).encode(text, add_special_tokens=False)
    ids = np.array([encoded.ids], np.uint16)
    begins = parts_of(text_of_json).begins(ids, np.ones(ids.shape, bool))[0]
    ends = [*np.flatnonzero(begins)[1:], len(encoded.ids)]
    return [
        text[encoded.offsets[begin][0] : encoded.offsets[end - 1][1]]
        for begin, end in zip(np.flatnonzero(begins), ends, strict=True)
    ]


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_byte_level_words_are_runs_of_letters_digits_or_other_characters(kind):
    text = "Unbelievable harbours, 1234 metres (77a) — nobody"
    assert [word.strip() for word in words_of(trained(kind), text)] == [
        "Unbelievable", "harbours", ",", "1234", "metres", "(", "77", "a", ")", "—", "nobody",
    ]  # fmt: skip


def test_parts_of_a_character_stay_together():
    [word] = words_of(trained("bpe"), "灯台守")
    assert word == "灯台守"


def test_wordpiece_words_are_those_of_the_splitter():
    content = trained("wordpiece")
    text = TEXTS[0]
    split = Tokenizer.from_str(content).pre_tokenizer.pre_tokenize_str(text)
    assert words_of(content, text) == [word for word, _ in split]


def test_metaspace_words_begin_with_a_space():
    pieces = {"<unk>": 0, "▁light": 1, "house": 2, "s": 3, "▁the": 4, "▁": 5}
    made = Tokenizer(models.BPE(vocab=pieces, merges=[], unk_token="<unk>"))
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    made.add_special_tokens(["<unk>"])
    table = parts_of(made.to_str())
    ids = np.array([[1, 2, 3, 4, 1, 3]])
    assert table.begins(ids, np.ones(ids.shape, bool)).tolist() == [[True, False, False, True, True, False]]


def test_unigram_with_a_normaliser_that_writes_spaces_is_metaspace_too():
    made = Tokenizer(models.Unigram([("<unk>", 0.0), ("▁light", -1.0), ("house", -2.0)], unk_id=0))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    table = parts_of(made.to_str())
    assert table.first.tolist()[1:] == [0, 1]


def test_nothing_joins_a_special_token():
    content = trained("bpe")
    [mask_id] = [each["id"] for each in json.loads(content)["added_tokens"] if each["content"] == "[MASK]"]
    letter = Tokenizer.from_str(content).get_vocab()["a"]
    ids = np.array([[letter, mask_id, letter, letter]])
    assert parts_of(content).begins(ids, np.ones(ids.shape, bool)).tolist() == [[True, True, True, False]]


def test_what_may_not_be_masked_ends_a_word():
    content = trained("bpe")
    letter = Tokenizer.from_str(content).get_vocab()["a"]
    begins = parts_of(content).begins(np.full((1, 4), letter), np.array([[True, False, True, True]]))
    assert begins.tolist() == [[True, False, True, False]]


def test_other_tokenizers_are_refused():
    made = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(FeedMisuseError, match="none of WordPiece, byte-level or Metaspace"):
        parts_of(made.to_str())


def test_special_ids_are_the_added_tokens_that_say_so():
    assert special_ids(json.loads(trained("bpe"))) == {0, 1, 2, 3, 4}
    assert special_ids({}) == set()


def test_the_lakes_tokenizer_is_found_by_its_hash(tmp_path):
    loaded = parse(trained("bpe"))
    Storage(str(tmp_path)).write_text("tokenizers/other.json", trained("wordpiece"))
    Storage(str(tmp_path)).write_text("tokenizers/bert.json", loaded.json)
    described = SequenceFormat("masked", 64, 16, 0, 3, loaded.fingerprint, start_id=2, mask_id=4, vocabulary=340)
    assert read(str(tmp_path), described) == json.loads(loaded.json)


def test_a_lake_without_the_tokenizer_says_so(tmp_path):
    described = SequenceFormat("masked", 64, 16, 0, 3, "feedbeef", start_id=2, mask_id=4, vocabulary=340)
    with pytest.raises(MissingPathError, match="no tokenizer with the hash feedbeef"):
        read(str(tmp_path), described)
