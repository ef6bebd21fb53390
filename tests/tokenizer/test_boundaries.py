import itertools
import json
import sys
import unicodedata

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers

from pipelines.tokenizer import boundaries
from pipelines.tokenizer.boundaries import AT_SPACES, AT_WHITESPACE, AT_WORDS, boundary, cut

SPLITS = [
    pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    for pattern in sorted(boundaries.SPLIT_PATTERNS)
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
]
NORMALIZERS = [
    None,
    normalizers.NFC(),
    normalizers.NFKD(),
    normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]),
    normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
]
DROP_WHITESPACE = [pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer()]
STEPS = [
    *itertools.product(PRE_TOKENIZERS, NORMALIZERS),
    *itertools.product(DROP_WHITESPACE, [normalizers.BertNormalizer(), normalizers.BertNormalizer(lowercase=False)]),
]
# Everything that splitting patterns and normalisers tell apart, in a few characters.
CHARACTERS = "aZéßǅ汉字、。，が\u3099\u0301´ͺʰก\u0e33ﷺΣ12½ \n\r\t\u3000\u00a0.!?'’-/<_▁\x00"
TEXTS = st.text(st.sampled_from(CHARACTERS), max_size=30) | st.lists(
    st.sampled_from(["a", " b", "\n", "é", "汉", "。", "'s", " ", "1", ".\n", "\r\n", "ͺ", "が"]), max_size=30
).map("".join)


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
def test_words_of_the_pieces_are_the_words_of_the_whole(bpe, pre_tokenizer, normalizer):
    tokenizer = with_steps(bpe, pre_tokenizer, normalizer)
    places = boundary(tokenizer.to_str())
    assert places is not None

    @settings(max_examples=60)
    @given(TEXTS)
    def holds(text):
        pieces = cut(text, places, target=1, longest=1000)
        assert "".join(pieces) == text
        assert [word for piece in pieces for word in words(tokenizer, piece)] == words(tokenizer, text)

    holds()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("ab cd", ["ab", " cd"]),
        ("ab  cd", ["ab  cd"]),
        ("ab.\ncd", ["ab.\n", "cd"]),
        ("ab\n\ncd", ["ab\n\ncd"]),
        ("千里，始。", ["千里", "，始", "。"]),
        ("don't", ["don't"]),
        ("", [""]),
    ],
)
def test_cuts_by_hand(text, pieces):
    assert cut(text, AT_WORDS, target=1, longest=1000) == pieces


def test_no_normal_form_of_a_letter_begins_or_ends_with_white_space():
    for letter in regex.findall(rf"(?V1){boundaries.LETTER}", "".join(map(chr, range(sys.maxunicode + 1)))):
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            normal = unicodedata.normalize(form, letter)
            bare = "".join(character for character in normal if unicodedata.category(character) != "Mn")
            assert normal.strip() == normal
            assert bare.strip() == bare, hex(ord(letter))


def test_the_kind_of_splitting_decides_which_places_are_safe(bpe):
    assert boundary(bpe.json) is AT_WORDS
    assert boundary(with_steps(bpe, pre_tokenizers.WhitespaceSplit()).to_str()) is AT_WHITESPACE
    assert boundary(with_steps(bpe, pre_tokenizers.Metaspace()).to_str()) is AT_SPACES
    assert boundary(with_steps(bpe, pre_tokenizers.ByteLevel(add_prefix_space=True)).to_str()) is AT_SPACES


@pytest.mark.parametrize(
    ("pre_tokenizer", "normalizer"),
    [
        (pre_tokenizers.Split(Regex(r"\d+"), "isolated"), None),
        (pre_tokenizers.Metaspace(split=False), None),
        (pre_tokenizers.ByteLevel(use_regex=False), None),
        (pre_tokenizers.Digits(), None),
        (pre_tokenizers.ByteLevel(), normalizers.Prepend("x")),
        (pre_tokenizers.ByteLevel(), normalizers.BertNormalizer()),
        (pre_tokenizers.ByteLevel(), normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])),
    ],
    ids=str,
)
def test_what_is_not_proven_has_no_places(bpe, pre_tokenizer, normalizer):
    assert boundary(with_steps(bpe, pre_tokenizer, normalizer).to_str()) is None


def test_a_tokenizer_without_splitting_has_no_places(bpe):
    assert boundary(json.dumps(json.loads(bpe.json) | {"pre_tokenizer": None})) is None


@pytest.mark.parametrize(
    ("token", "proven"),
    [
        (AddedToken("New York"), False),
        (AddedToken("word", rstrip=True), False),
        (AddedToken("word"), True),
        (AddedToken("   "), True),
        (AddedToken("<mask>", lstrip=True, special=True), True),
    ],
    ids=str,
)
def test_an_added_token_that_reaches_over_a_space_forbids_cuts(bpe, token, proven):
    tokenizer = Tokenizer.from_str(bpe.json)
    add = tokenizer.add_special_tokens if token.special else tokenizer.add_tokens
    add([token])
    assert (boundary(tokenizer.to_str()) is not None) == proven


@given(TEXTS, st.integers(1, 5), st.integers(0, 5))
def test_no_text_is_lost_and_no_piece_is_too_long(text, target, more):
    pieces = cut(text, None, target, target + more)
    assert "".join(pieces) == text
    assert all(len(piece) <= target + more for piece in pieces)


def test_without_a_place_a_cut_falls_behind_white_space():
    assert cut("abc de1 fgh", None, target=4, longest=6) == ["abc ", "de1 ", "fgh"]
