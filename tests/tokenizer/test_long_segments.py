"""A text that is longer than what is encoded at once has the ids of the whole text."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from pipelines.tokenizer import library
from pipelines.tokenizer.encode import Encoder
from pipelines.tokenizer.load import parse
from pipelines.tokenizer.long_segments import LongSegments

CHINESE = "千里之行，始于足下。\n学而时习之，不亦说乎？有朋自远方来，不亦乐乎？\n知之为知之，不知为不知，是知也。"
JAPANESE = "むかしむかし、あるところに、おじいさんとおばあさんがいました。\n"
VISIBLE_SPACE = normalizers.Replace(" ", "▁")


def bpe(normalizer, pre_tokenizer):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    special = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=430, limit_alphabet=120, special_tokens=special, show_progress=False)
    return tokenizer, trainer, normalizer, pre_tokenizer


def unigram(normalizer, pre_tokenizer):
    trainer = trainers.UnigramTrainer(vocab_size=500, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False)
    return Tokenizer(models.Unigram()), trainer, normalizer, pre_tokenizer


SHAPES = {
    "Llama 2": lambda: bpe(normalizers.Sequence([normalizers.Prepend("▁"), VISIBLE_SPACE]), None),
    "Gemma": lambda: bpe(VISIBLE_SPACE, pre_tokenizers.Split(" ", "merged_with_previous")),
    "BPE, Metaspace": lambda: bpe(None, pre_tokenizers.Metaspace()),
    "BPE, Metaspace of one word": lambda: bpe(None, pre_tokenizers.Metaspace(split=False)),
    "Unigram, Metaspace first": lambda: unigram(normalizers.NFKC(), pre_tokenizers.Metaspace(prepend_scheme="first")),
    "T5": lambda: unigram(
        normalizers.Sequence(
            [normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), "▁")]
        ),
        pre_tokenizers.Metaspace(),
    ),
    "Unigram without splitting": lambda: unigram(VISIBLE_SPACE, None),
}


@pytest.fixture(scope="module", params=SHAPES)
def tokenizer(request, proverbs):
    blank, trainer, normalizer, pre_tokenizer = SHAPES[request.param]()
    blank.pre_tokenizer = pre_tokenizers.Metaspace()  # without one, the library trains on whole texts as words
    blank.train_from_iterator([*proverbs, CHINESE, JAPANESE] * 5, trainer)
    blank.normalizer = normalizer if normalizer is not None else normalizers.Sequence([])
    if pre_tokenizer is None:
        blank.pre_tokenizer = pre_tokenizers.Sequence([])
    else:
        blank.pre_tokenizer = pre_tokenizer
    return parse(blank.to_str())


def whole(tokenizer, text):
    peer = Tokenizer.from_str(tokenizer.json)
    peer.encode_special_tokens = True
    return peer.encode(text, add_special_tokens=False).ids


def in_pieces(tokenizer, text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "LONGEST", size)
        patch.setattr(library, "PIECE", size)
        ids, _ = Encoder(tokenizer).encode(pa.array([text]))
    return np.frombuffer(ids[0].as_py(), tokenizer.dtype).tolist()


def test_a_cut_is_proven(tokenizer):
    assert LongSegments(tokenizer.json).why == ""


@pytest.mark.parametrize("size", [40, 64, 101])
def test_prose_with_and_without_spaces(tokenizer, proverbs, size):
    for text in (
        " ".join(proverbs[:5]),
        CHINESE * 3,
        JAPANESE * 4,
        "\n".join(proverbs[:5]),
        CHINESE + proverbs[0] * 3,
    ):
        assert in_pieces(tokenizer, text, size) == whole(tokenizer, text)


def test_lengths_around_the_cut(tokenizer, proverbs):
    text = " ".join([CHINESE, *proverbs[:4], JAPANESE])
    for length in (*range(37, 44), *range(77, 84)):
        assert in_pieces(tokenizer, text[:length], 40) == whole(tokenizer, text[:length])


def test_any_text_that_has_a_proven_place_in_every_stretch(tokenizer):
    """A line feed after a letter is one, in all of these vocabularies."""

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.text(st.sampled_from("abe的是 ,.▁é\nｱが"), max_size=12), max_size=12))
    def holds(parts):
        text = "e\ne".join(parts)
        assert in_pieces(tokenizer, text, 40) == whole(tokenizer, text)

    holds()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda fields: fields["added_tokens"][0].update(special=False), "added tokens"),
        (lambda fields: fields.update(pre_tokenizer={"type": "Whitespace"}), "the pre-tokenizer Whitespace"),
        (lambda fields: fields["model"].update(end_of_word_suffix="</w>"), "tokens that know"),
    ],
)
def test_where_nothing_is_proven_the_text_is_still_whole(proverbs, change, why):
    import json

    blank, trainer, *_ = SHAPES["Llama 2"]()
    blank.pre_tokenizer = pre_tokenizers.Metaspace()
    blank.train_from_iterator(proverbs, trainer)
    fields = json.loads(blank.to_str())
    change(fields)
    found = LongSegments(json.dumps(fields))
    assert found.why.startswith(why)
    text = "x" * 15 + " " + "y" * 40
    assert list(found.pieces(text, 20)) == ["x" * 15 + " ", "y" * 20, "y" * 20]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["Llama 2", "T5"])
def test_a_text_of_more_than_8_mebibytes(shape, proverbs):
    blank, trainer, normalizer, pre_tokenizer = SHAPES[shape]()
    blank.pre_tokenizer = pre_tokenizers.Metaspace()
    blank.train_from_iterator([*proverbs, CHINESE, JAPANESE] * 5, trainer)
    blank.normalizer, blank.pre_tokenizer = normalizer, pre_tokenizer or pre_tokenizers.Sequence([])
    tokenizer = parse(blank.to_str())
    sentences = [*CHINESE.split("\n"), JAPANESE.strip()]
    chosen = random.Random(1)
    text = "\n".join(chosen.choice(sentences) for _ in range(170_000))
    assert len(text.encode()) > library.LONGEST + (1 << 20)
    ids, _ = Encoder(tokenizer).encode(pa.array([text]))
    assert np.frombuffer(ids[0].as_py(), tokenizer.dtype).tolist() == whole(tokenizer, text)


def test_an_added_token_is_not_torn(proverbs):
    blank, trainer, normalizer, _ = SHAPES["Llama 2"]()
    blank.pre_tokenizer = pre_tokenizers.Metaspace()
    blank.train_from_iterator(proverbs, trainer)
    blank.add_special_tokens([AddedToken("<a b>", special=True)])
    blank.normalizer, blank.pre_tokenizer = normalizer, pre_tokenizers.Sequence([])
    tokenizer = parse(blank.to_str())
    text = "the <a b>worm, " * 20
    assert in_pieces(tokenizer, text, 40) == whole(tokenizer, text)
