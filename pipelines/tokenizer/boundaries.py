"""Where a text can be cut so that the ids of its segments, concatenated, are the ids of the whole text.

A tokenizer whose pre-tokenizer splits text into words encodes each word alone, so a cut between two words changes no
id. The splitting expressions have no state: a match depends only on the text that follows, and looks ahead at most one
character beyond a run of white space. So two neighbouring characters prove that a cut is safe, if no expression
matches across them and the first is not white space (or is a single line feed). The safe pairs of character classes
depend on the pre-tokenizer; the tests compare every pair with the library.

A text is encoded whole when its tokenizer has a part that is not listed here.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from pipelines.kernels.arrays import Bytes
from pipelines.kernels.batch import TextBatch
from pipelines.tokenizer.characters import (
    CLASSES,
    DIGIT,
    HAN,
    LETTER,
    NEWLINE,
    PUNCTUATION,
    SOLID,
    SPACE,
    TAB,
    character_classes,
)
from pipelines.tokenizer.segments import EARLIER, FIRST, HERE, LATER, STATES, cut

Pairs = dict[tuple[int, int], int]  # (state before a position, class of the next character) -> where to cut

_LETTERS = (LETTER, HAN)
_WORD = (*_LETTERS, DIGIT)
_NO_SPACE = (*_WORD, PUNCTUATION, SOLID)


_WHITE = (TAB, NEWLINE)


def _pairs(where: int, *groups: tuple[Iterable[int], Iterable[int]]) -> Pairs:
    return {pair: where for before, after in groups for pair in product(before, after)}


_NUMBERS = _pairs(HERE, (_LETTERS, [DIGIT]), ([DIGIT], _LETTERS))
_WORDS = _pairs(HERE, (_WORD, [PUNCTUATION]), ([PUNCTUATION], _WORD))
AT_SPACES = _pairs(HERE, (_NO_SPACE, [SPACE])) | _pairs(EARLIER, ([SPACE + LATER], _NO_SPACE))
# For pre-tokenizers that drop white space.
AT_WHITE_SPACE = AT_SPACES | _pairs(
    HERE, (_NO_SPACE, _WHITE), ([white + later for white in _WHITE for later in (0, FIRST, LATER)], _NO_SPACE)
)
AT_WORDS = AT_WHITE_SPACE | _WORDS
AT_PUNCTUATION = AT_WORDS | _pairs(HERE, ([PUNCTUATION], [PUNCTUATION]))
AROUND_HAN = _pairs(HERE, ([HAN], _WORD), (_WORD, [HAN]))
# Of several white-space characters, a last space belongs to the next word; any other last one is a word itself.
AT_GPT_2_WORDS = (
    AT_SPACES
    | _WORDS
    | _NUMBERS
    | _pairs(HERE, (_NO_SPACE, _WHITE), ([white + FIRST for white in _WHITE], _NO_SPACE))
    | _pairs(EARLIER + HERE, ([white + LATER for white in _WHITE], _NO_SPACE))
)
# A word includes one preceding character that is no letter (a bracket, a tab); punctuation includes newlines after it.
AT_TAKING_WORDS = (
    AT_SPACES
    | _NUMBERS
    | _pairs(HERE, (_WORD, [*_WHITE, PUNCTUATION]), ([PUNCTUATION], [DIGIT]))
    | _pairs(HERE, ([NEWLINE, NEWLINE + FIRST, NEWLINE + LATER], _WORD))
    | _pairs(EARLIER, ([TAB + LATER], _NO_SPACE))
)

_NORMALIZERS = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}
_DROP_WHITE_SPACE = {"Whitespace", "WhitespaceSplit", "BertPreTokenizer"}
_ONLY_CUT_FURTHER = {("Digits", None), ("Punctuation", "Isolated")}
_SPLITS_WORDS_FURTHER = {"Digits", "Punctuation", "ByteLevel"}

# Published splitting expressions: GPT-2; cl100k; Llama 3; Qwen 2; o200k.
_GPT_2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_TAKING_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_LINES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SPLIT_PATTERNS = {
    _GPT_2: AT_GPT_2_WORDS,
    rf"{_CONTRACTION}|{_TAKING_WORD}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_LINES}": AT_TAKING_WORDS,
    rf"{_CONTRACTION}|{_TAKING_WORD}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_LINES}": AT_TAKING_WORDS,
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_LINES}": AT_TAKING_WORDS,
}


@dataclass(frozen=True)
class Boundaries:
    """Between which neighbouring characters a tokenizer's texts can be cut, and why.

    `classes` and `pairs` are arguments of `segments.cut`.
    """

    classes: Bytes  # (65536,) of the characters of the Basic Multilingual Plane; others have class NONE
    pairs: Bytes  # (STATES, CLASSES)
    why: str

    def __bool__(self) -> bool:
        return bool(self.pairs.any())


def boundaries(tokenizer_json: str) -> Boundaries:
    """The safe cuts of a tokenizer.json; none if this module does not know one of its parts."""
    fields = json.loads(tokenizer_json)
    pairs, why = _proven(fields)
    matrix = np.zeros((STATES, CLASSES), np.uint8)
    for (before, after), where in pairs.items():
        matrix[before, after] = where
    drops = bool(pairs) and _splitter(fields)[0]["type"] in _DROP_WHITE_SPACE
    found = Boundaries(character_classes(_normalizer(tokenizer_json, strip=drops) if pairs else None), matrix, why)
    # Encoding ignores special tokens. But the library still matches them, which can hide another token that begins
    # inside.
    added = fields["added_tokens"]
    for token in [] if all(token["special"] for token in added) else added:
        if reason := _reaches_over_a_cut(token, found):
            return Boundaries(found.classes, np.zeros_like(matrix), f"whole texts: {reason}")
    return found


def _proven(fields: dict[str, Any]) -> tuple[Pairs, str]:
    nothing: Pairs = {}
    steps = _splitter(fields)
    if not steps:
        return nothing, "whole texts: the tokenizer has no pre-tokenizer"
    unknown = [step["type"] for step in steps[1:] if step["type"] not in _SPLITS_WORDS_FURTHER]
    pairs = nothing if unknown else _pairs_of_splitter(steps[0])
    if len(steps) < len(parts(fields["pre_tokenizer"], "pretokenizers")):
        # A first step has cut white space from a digit or punctuation behind it: then the whole run is one word.
        pairs = {pair: where for pair, where in pairs.items() if pair[0] < SPACE or pair[1] in _LETTERS}
    if not pairs:
        return nothing, f"whole texts: no cut is proven safe for the pre-tokenizer {[*unknown, steps[0]['type']][0]}"
    normalizers = parts(fields["normalizer"], "normalizers")
    # BERT's normaliser changes and adds white space: harmless only where the pre-tokenizer drops white space.
    safe = _NORMALIZERS | {"BertNormalizer"} if steps[0]["type"] in _DROP_WHITE_SPACE else _NORMALIZERS
    for step in normalizers:
        if step["type"] not in safe:
            return nothing, f"whole texts: no cut is proven safe for the normalizer {step['type']}"
    if normalizers and normalizers[-1].get("handle_chinese_chars"):
        pairs = pairs | AROUND_HAN
    return pairs, f"distinct segments between the words of {steps[0]['type']}"


def _pairs_of_splitter(step: dict[str, Any]) -> Pairs:
    match step:
        case {"type": "ByteLevel", "use_regex": True, "add_prefix_space": prefix}:
            return AT_SPACES if prefix else AT_GPT_2_WORDS
        case {"type": "Metaspace", "replacement": "▁", "split": True}:
            return AT_SPACES
        case {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False} | {
            "type": "Split",
            "pattern": {"Regex": pattern},
            "behavior": "Removed",
            "invert": True,
        }:
            return SPLIT_PATTERNS.get(pattern, {})
        case {"type": "WhitespaceSplit"}:
            return AT_WHITE_SPACE
        case {"type": "Whitespace"}:
            return AT_WORDS
        case {"type": "BertPreTokenizer"}:
            return AT_PUNCTUATION
    return {}


def _splitter(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The pre-tokenizer's steps, without first steps that only split further, at pairs of neighbours."""
    steps = parts(fields["pre_tokenizer"], "pretokenizers")
    while steps and (steps[0]["type"], steps[0].get("behavior")) in _ONLY_CUT_FURTHER:
        steps = steps[1:]
    return steps


def parts(field: dict[str, Any] | None, members: str) -> list[dict[str, Any]]:
    """A component as the flat list of its parts."""
    if field is None:
        return []
    return [part for member in field[members] for part in parts(member, members)] if members in field else [field]


def _normalizer(tokenizer_json: str, strip: bool) -> Callable[[str], str] | None:
    """The library's normaliser; with `strip`, without the white space that it adds around a character."""
    normalizer = Tokenizer.from_str(tokenizer_json).normalizer
    if normalizer is None:
        return None
    return (lambda text: normalizer.normalize_str(text).strip()) if strip else normalizer.normalize_str


def _reaches_over_a_cut(token: dict[str, Any], places: Boundaries) -> str:
    """Why an added token could match differently in a whole text than in its segments; empty if it cannot."""
    content, name = token["content"], f"the added token {token['content']!r}"
    if not token["special"] and (token["lstrip"] or token["rstrip"] or token["single_word"]):
        return f"{name} depends on its neighbouring characters"
    size = len(content.encode())
    for before, after in product(("", "a", ".", "\n", " ", "a\n"), ("", "a", "1", ".", " ")):
        segments = cut(TextBatch.from_strings([before + content + after]), places.classes, places.pairs, 1 << 20)
        start = len(before.encode())
        if any(start < begin < start + size for each in segments for begin in each.begins.tolist()):
            return f"{name} spans a position where texts are cut"
    return ""
