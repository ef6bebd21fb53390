import pytest
from pydantic import ValidationError

from pipelines.tokenizer.config import TokenizerConfig


def test_each_kind_has_its_usual_special_tokens():
    assert TokenizerConfig().special_tokens == ("<|endoftext|>", "<|pad|>")
    assert TokenizerConfig(kind="wordpiece").special_tokens == ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"load": "a.json", "vocab_size": 1000}, "drop vocab_size"),
        ({"kind": "bpe", "lowercase": False}, "lowercase applies to `kind: wordpiece` only"),
        ({"kind": "bpe", "vocab_size": 200}, "256 bytes and 2 special tokens"),
        ({"special_tokens": ["<a>", "<a>"]}, "one token twice"),
        ({"kind": "wordpiece", "special_tokens": ["[PAD]"]}, "must hold \\[UNK\\]"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, complaint):
    with pytest.raises(ValidationError, match=complaint):
        TokenizerConfig(**settings)


def test_the_encoder_is_no_part_of_the_fingerprint_for_the_ids_are_the_same():
    assert {TokenizerConfig(encoder=name).fingerprint() for name in ("auto", "fastokens", "tokenizers")} == {
        TokenizerConfig().fingerprint()
    }
    assert TokenizerConfig(load="a.json", encoder="tokenizers").fingerprint() == (
        TokenizerConfig(load="a.json").fingerprint()
    )


def test_tokenizers_made_before_there_was_a_choice_of_encoders_keep_their_file():
    assert TokenizerConfig().fingerprint() == "65f019e2395e9b3e"


def test_a_default_written_out_has_the_same_fingerprint():
    assert (
        TokenizerConfig(special_tokens=("<|endoftext|>", "<|pad|>")).fingerprint() == TokenizerConfig().fingerprint()
    )
