import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers

from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer import boundaries as rules
from pipelines.tokenizer.boundaries import Boundaries, boundaries
from pipelines.tokenizer.segments import cut

SPLITS = [
    pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    for pattern in sorted(rules.SPLIT_PATTERNS)
    for split in (
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.Split(Regex(pattern), "removed", invert=True),
    )
]
PRE_TOKENIZERS = [
    *SPLITS,
    pre_tokenizers.ByteLevel(add_prefix_space=False),
    pre_tokenizers.ByteLevel(add_prefix_space=True),
    pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    pre_tokenizers.Whitespace(),
    pre_tokenizers.WhitespaceSplit(),
    pre_tokenizers.BertPreTokenizer(),
    pre_tokenizers.Metaspace(prepend_scheme="always"),
    pre_tokenizers.Metaspace(prepend_scheme="first"),
    pre_tokenizers.Metaspace(prepend_scheme="never"),
]
NORMALIZERS = [
    None,
    normalizers.NFC(),
    normalizers.NFKD(),
    normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]),
    normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
]
DROP_WHITE_SPACE = [pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer()]
STEPS = [
    *itertools.product(PRE_TOKENIZERS, NORMALIZERS),
    *itertools.product(DROP_WHITE_SPACE, [normalizers.BertNormalizer(), normalizers.BertNormalizer(lowercase=False)]),
]
# Everything that splitting expressions and normalisers tell apart, in a few characters.
CHARACTERS = (
    "aZéßſİǅ汉㐀字豈々、。，が\u3099\u0301\u0338´ͺʰーก\u0e33\u093e한ﷺΣ12½²１ \n\r\t\v\x85\u3000\u00a0\u200b\ufeff"
    ".,!?()'’\"＇“”…«-–/<=>$+_‿▁█€#@\x00𝒳🎉𠀀"
)
TEXTS = st.text(st.sampled_from(CHARACTERS), max_size=30) | st.lists(
    st.sampled_from(
        [
            "a",
            " b",
            "\n",
            "\n\n",
            "  ",
            "\t",
            "é",
            "汉",
            "。",
            "'s",
            "'S",
            "'ll",
            " ",
            "1",
            "234",
            ".\n",
            "\r\n",
            "ͺ",
            "が",
        ]
    ),
    max_size=30,
).map("".join)


def pieces(text: str, places: Boundaries, longest: int = 1 << 20) -> list[str]:
    batch = TextBatch.from_strings([text])
    data = text.encode()
    return [
        data[begin:end].decode()
        for each in cut(batch, places.classes, places.pairs, longest)
        for begin, end in zip(each.begins, each.ends, strict=True)
    ]


def words(tokenizer: Tokenizer, text: str) -> list[str]:
    normalized = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized)]


def with_steps(bpe, pre_tokenizer, normalizer=None) -> Tokenizer:
    tokenizer = Tokenizer.from_str(bpe.json)
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    return tokenizer


@pytest.mark.parametrize(("pre_tokenizer", "normalizer"), STEPS, ids=lambda each: str(each)[:60])
def test_words_of_the_segments_are_the_words_of_the_whole(bpe, pre_tokenizer, normalizer):
    tokenizer = with_steps(bpe, pre_tokenizer, normalizer)
    places = boundaries(tokenizer.to_str())
    assert places

    @settings(max_examples=50, deadline=None)
    @given(TEXTS)
    def holds(text):
        segments = pieces(text, places)
        assert "".join(segments) == text
        assert [word for segment in segments for word in words(tokenizer, segment)] == words(tokenizer, text)

    holds()


AROUND = ["a{}", "{}a", "{}, ", "a {}1", "{}\n\nb", ".{} b", "1{}(", "\t{}", "汉{}汉"]


@pytest.mark.parametrize(("pre_tokenizer", "normalizer"), STEPS, ids=lambda each: str(each)[:60])
def test_every_character_with_a_class_is_cut_as_the_library_splits_it(bpe, pre_tokenizer, normalizer):
    tokenizer = with_steps(bpe, pre_tokenizer, normalizer)
    places = boundaries(tokenizer.to_str())
    # One character of each hundred in each test, others in each: all tests together see every character.
    known = np.flatnonzero(places.classes)
    chosen = known[hash_of(pre_tokenizer, normalizer) % 41 :: 41]
    text = " x\n\n".join(around.format(chr(point)) for point in chosen for around in AROUND)
    segments = pieces(text, places)
    assert len(segments) > len(chosen)
    assert [word for segment in segments for word in words(tokenizer, segment)] == words(tokenizer, text)


def hash_of(pre_tokenizer, normalizer) -> int:
    return STEPS.index((pre_tokenizer, normalizer))


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("ab cd", ["ab", " cd"]),
        ("ab  cd", ["ab", " ", " cd"]),
        ("ab.\ncd", ["ab", ".", "\n", "cd"]),
        ("ab\n\ncd", ["ab", "\n", "\n", "cd"]),
        ("千里，始。", ["千里", "，", "始", "。"]),
        ("don't", ["don't"]),
        ("(x1, y)", ["(", "x", "1", ",", " y", ")"]),
        ("  ab", [" ", " ab"]),
    ],
)
def test_cuts_by_hand(bpe, text, segments):
    assert pieces(text, boundaries(bpe.json)) == segments


@pytest.mark.parametrize(
    ("pre_tokenizer", "normalizer", "reason"),
    [
        (pre_tokenizers.Split(Regex(r"\d+"), "isolated"), None, "pre-tokenizer Split"),
        (pre_tokenizers.Metaspace(split=False), None, "pre-tokenizer Metaspace"),
        (pre_tokenizers.ByteLevel(use_regex=False), None, "pre-tokenizer ByteLevel"),
        (pre_tokenizers.Digits(), None, "no pre-tokenizer"),
        (pre_tokenizers.ByteLevel(), normalizers.Prepend("x"), "normalizer Prepend"),
        (pre_tokenizers.ByteLevel(), normalizers.BertNormalizer(), "normalizer BertNormalizer"),
        (pre_tokenizers.ByteLevel(), normalizers.Sequence([normalizers.NFC(), normalizers.Strip()]), "Strip"),
    ],
    ids=str,
)
def test_what_is_not_proven_is_encoded_whole_and_says_why(bpe, pre_tokenizer, normalizer, reason):
    places = boundaries(with_steps(bpe, pre_tokenizer, normalizer).to_str())
    assert not places
    assert reason in places.why


def test_a_tokenizer_without_splitting_has_no_places(bpe):
    assert not boundaries(json.dumps(json.loads(bpe.json) | {"pre_tokenizer": None}))


@pytest.mark.parametrize(
    ("token", "proven"),
    [
        (AddedToken("New York"), False),
        (AddedToken("word "), False),
        (AddedToken("a.b"), False),
        (AddedToken("word", rstrip=True), False),
        (AddedToken("word", single_word=True), False),
        (AddedToken("word"), True),
        (AddedToken("<mask>", lstrip=True, special=True), True),
        (AddedToken("[SEP] x", special=True), True),
    ],
    ids=str,
)
def test_an_added_token_that_reaches_over_a_cut_forbids_cuts(bpe, token, proven):
    tokenizer = Tokenizer.from_str(bpe.json)
    add = tokenizer.add_special_tokens if token.special else tokenizer.add_tokens
    add([token])
    places = boundaries(tokenizer.to_str())
    assert bool(places) == proven
    assert proven or repr(token.content) in places.why
