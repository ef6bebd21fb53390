"""Where a text may be cut so that the ids of its pieces, joined, are the ids of the whole.

A tokenizer that splits text into words first (its pre-tokenizer) treats each word alone, so a cut between two words
changes nothing, provided that the splitting looks no further than the characters at the cut. Three places are such
cuts for every pre-tokenizer listed here:

* before a single space between two letters;
* after a single line feed between a letter, a digit or the end of a sentence, and a letter;
* before an ideographic comma or full stop that follows a Han character.

Letters here are those that no Unicode normal form turns into something that begins or ends with white space (which
leaves out modifier letters and the Arabic presentation forms), so the listed normalisers keep each place what it is.
A pre-tokenizer that puts a space in front of its input, or knows spaces only, allows the first place only; one that
splits at white space alone, the first two.

What is not listed here has no proven place, and is encoded whole.
"""

import json
from typing import Any

import regex

LETTER = r"[\p{L}--\p{Lm}--[\uFB50-\uFDFF\uFE70-\uFEFF]]"
BEFORE_SPACE = rf"(?V1)(?<={LETTER})(?= {LETTER})"
AFTER_LINE = rf"(?<=[{LETTER}\p{{Nd}}.!?。！？]\n)(?={LETTER})"
BEFORE_IDEOGRAPHIC = r"(?<=\p{Han})(?=[、。，])"

AT_SPACES = regex.compile(BEFORE_SPACE)
AT_WHITESPACE = regex.compile(f"{BEFORE_SPACE}|{AFTER_LINE}")
AT_WORDS = regex.compile(f"{BEFORE_SPACE}|{AFTER_LINE}|{BEFORE_IDEOGRAPHIC}")

_NORMALIZERS = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}
_DROP_WHITESPACE = {"Whitespace", "WhitespaceSplit", "BertPreTokenizer"}
_SPLITS_WORDS_FURTHER = {"Digits", "Punctuation", "ByteLevel"}

# Published splitting patterns (Split, behaviour Isolated): GPT-2; cl100k; Llama 3; Qwen 2; o200k.
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_LINES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SPLIT_PATTERNS = {
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_LINES}",
    rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_LINES}",
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_LINES}",
}


def boundary(tokenizer_json: str) -> regex.Pattern | None:
    """A pattern that matches, without width, where a text may be cut; None when no place is proven."""
    fields = json.loads(tokenizer_json)
    if any(_reaches_over_a_cut(token) for token in fields["added_tokens"]):
        return None
    steps = _steps(fields["pre_tokenizer"], "pretokenizers")
    while steps and steps[0]["type"] in {"Digits", "Punctuation"}:
        steps = steps[1:]  # they only cut further, between neighbouring characters
    if not steps or not all(step["type"] in _SPLITS_WORDS_FURTHER for step in steps[1:]):
        return None
    # BERT's normaliser turns line feeds to spaces and adds some: no matter where white space is dropped, else it is.
    safe = _NORMALIZERS | {"BertNormalizer"} if steps[0]["type"] in _DROP_WHITESPACE else _NORMALIZERS
    if not all(step["type"] in safe for step in _steps(fields["normalizer"], "normalizers")):
        return None
    return _boundary_of_splitter(steps[0])


def _boundary_of_splitter(step: dict[str, Any]) -> regex.Pattern | None:
    match step:
        case {"type": "ByteLevel", "use_regex": True, "add_prefix_space": prefix}:
            return AT_SPACES if prefix else AT_WORDS
        case {"type": "Metaspace", "replacement": "▁", "split": True}:
            return AT_SPACES
        case {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}:
            return AT_WORDS if pattern in SPLIT_PATTERNS else None
        case {"type": "WhitespaceSplit"}:
            return AT_WHITESPACE
        case {"type": "Whitespace" | "BertPreTokenizer"}:
            return AT_WORDS
    return None


def _steps(field: dict[str, Any] | None, members: str) -> list[dict[str, Any]]:
    """A component as the flat list of its parts."""
    if field is None:
        return []
    return [part for member in field[members] for part in _steps(member, members)] if members in field else [field]


def _reaches_over_a_cut(token: dict[str, Any]) -> bool:
    """Whether an added token could match across a cut, or swallows the space beside it."""
    swallows = not token["special"] and (token["lstrip"] or token["rstrip"])
    return (
        swallows
        or AT_WORDS.search(token["content"]) is not None
        or regex.search(r"\S\s", token["content"]) is not None
    )


def cut(text: str, places: regex.Pattern | None, target: int, longest: int) -> list[str]:
    """Cuts a text into pieces of about `target` characters at `places`, and of at most `longest` anywhere.

    A piece ends at the first place at or behind its `target`-th character. Where none comes before `longest`, the
    piece ends behind the last white space before that, or right there: one word may then get other ids
    than in the whole text, but no text is lost.
    """
    pieces, start = [], 0
    while len(text) - start > target:
        found = places.search(text, start + target, min(start + longest + 1, len(text))) if places else None
        stop = found.start() if found else _forced(text, start, longest)
        pieces.append(text[start:stop])
        start = stop
    return [*pieces, text[start:]] if start < len(text) or not pieces else pieces


def _forced(text: str, start: int, longest: int) -> int:
    if len(text) - start <= longest:
        return len(text)
    white = regex.search(r"(?r)\s", text, pos=start + longest // 2, endpos=start + longest)
    return white.end() if white else start + longest
