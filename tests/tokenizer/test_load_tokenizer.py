import json

import numpy as np
import pytest
from tokenizers import Tokenizer, models

from pipelines.tokenizer.encode import id_column
from pipelines.tokenizer.load import TokenizerError, load, parse
from pipelines.tokenizer.width import id_dtype


def word_level(size: int) -> str:
    return Tokenizer(models.WordLevel({str(number): number for number in range(size)}, unk_token="0")).to_str()


def test_the_fingerprint_follows_content_not_formatting(bpe):
    fields = json.loads(bpe.json)
    backwards = json.dumps(dict(reversed(fields.items())), indent=4)
    assert parse(backwards).fingerprint == bpe.fingerprint


def test_the_fingerprint_changes_with_one_merge(bpe):
    fields = json.loads(bpe.json)
    fields["model"]["merges"].pop()
    assert parse(json.dumps(fields)).fingerprint != bpe.fingerprint


def test_truncation_and_padding_are_switched_off_since_they_change_the_tokens_of_a_text(bpe):
    limited = Tokenizer.from_str(bpe.json)
    limited.enable_truncation(2)
    limited.enable_padding(length=9)
    assert parse(limited.to_str()) == bpe


@pytest.mark.parametrize(("size", "dtype"), [(65_536, "<u2"), (65_537, "<u4"), (70_000, "<u4")])
def test_the_largest_id_decides_the_width(size, dtype):
    assert parse(word_level(size)).dtype == np.dtype(dtype)


def test_an_added_token_can_push_the_vocabulary_over_the_edge():
    tokenizer = Tokenizer.from_str(word_level(65_536))
    tokenizer.add_special_tokens(["<|endoftext|>"])
    loaded = parse(tokenizer.to_str())
    assert (loaded.separator(), loaded.dtype) == (65_536, np.dtype("<u4"))


def test_ids_never_wrap():
    with pytest.raises(OverflowError, match="65536 does not fit uint16"):
        id_column(np.array([65_536], np.uint32), np.array([1]), np.dtype("<u2"))
    with pytest.raises(ValueError, match="does not fit uint32"):
        id_dtype((1 << 32) + 1)


def test_separator_and_padding_are_found_by_their_usual_names(bpe, wordpiece):
    assert (bpe.separator(), bpe.padding()) == (0, 1)
    assert (wordpiece.separator(), wordpiece.padding()) == (3, 0)
    assert bpe.padding("<|endoftext|>") == 0


def test_padding_falls_back_to_the_separator():
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "</s>": 1}, unk_token="a"))
    assert parse(tokenizer.to_str()).padding() == 1


def test_a_missing_token_is_named(bpe):
    with pytest.raises(TokenizerError, match="no token '<missing>'"):
        bpe.separator("<missing>")
    with pytest.raises(TokenizerError, match="name its end-of-text token"):
        parse(word_level(3)).separator()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"model": 1}', "not json"])
def test_what_is_no_tokenizer_is_refused_by_name(content):
    with pytest.raises(TokenizerError, match=r"broken\.json"):
        parse(content, "broken.json")


def test_an_empty_vocabulary_is_refused():
    with pytest.raises(TokenizerError, match="empty vocabulary"):
        parse(Tokenizer(models.BPE()).to_str())


def test_random_encoding_is_refused(bpe):
    fields = json.loads(bpe.json)
    fields["model"]["dropout"] = 0.1
    with pytest.raises(TokenizerError, match="dropout"):
        parse(json.dumps(fields))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TokenizerError, match=r"nowhere\.json: No such file"):
        load(tmp_path / "nowhere.json")
