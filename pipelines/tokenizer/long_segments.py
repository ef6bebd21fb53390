"""Cuts a segment that is too long to encode at once, where its vocabulary proves that no id changes.

Texts in scripts without spaces, under a `Metaspace` pre-tokenizer, and all texts of a tokenizer without pre-tokenizer
(Llama 2), are a single word to the library, whatever their length. Models of the kinds BPE and Unigram make tokens of
their vocabulary only. So between two neighbouring characters that no token holds side by side, no token can lie across
a cut, and both sides are encoded independently.

What begins with such a cut is not the beginning of a text: it is encoded without the space that the tokenizer puts
there.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from tokenizers import Tokenizer

from pipelines.tokenizer.boundaries import parts

SPACE = "▁"

_NORMALIZERS = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "Precompiled", "Strip"}
# What a normaliser neither changes nor joins because of its neighbours: letters, digits, punctuation, spaces …
_ALONE = {"Lu", "Ll", "Lo", "Nd", "Pd", "Ps", "Pe", "Po", "Zs"}
_NOT_ALONE = "\u0d4e\u0e33\u0eb3"  # … but for a letter that joins the next one, and two that join the one before
_JAMO = ("HANGUL CHOSEONG", "HANGUL JUNGSEONG", "HANGUL JONGSEONG")
_BYTES = {f"<0x{byte:02X}>" for byte in range(256)}


class LongSegments:
    """Cuts for one tokenizer.

    `continuing` is the tokenizer's JSON without a space at the beginning of a text: for every piece but the first. It
    is empty where no cut can be proven; `why` says why.
    """

    def __init__(self, tokenizer_json: str) -> None:
        fields = json.loads(tokenizer_json)
        self.why = _obstacle(fields)
        self.continuing = "" if self.why else json.dumps(_without_prefix(fields))
        if self.continuing:
            self._normal = _normalizer(self.continuing)
            tokens = [*_tokens(fields), *(token["content"] for token in fields["added_tokens"])]
            self._joined = {pair for token in tokens for pair in pairwise(token)}
            self._known = frozenset(token for token in tokens if len(token) == 1)
            self._bytes = bool(fields["model"].get("byte_fallback")) and set(tokens) >= _BYTES
            self._safe: dict[str, bool] = {}  # two neighbouring characters

    def pieces(self, segment: str, longest: int) -> Iterator[str]:
        """The segment in pieces of at most `longest` characters, each cut at the last place that is proven safe.

        Where there is none, and for tokenizers without proof, the piece ends behind its last white space or where it
        is full: then the ids around this place may differ from those of the whole.
        """
        begin = 0
        while len(segment) - begin > longest:
            places = range(begin + longest, begin, -1)
            place = next((place for place in places if self._is_safe(segment[place - 1 : place + 1])), 0)
            place = place or next((place for place in places if segment[place - 1].isspace()), begin + longest)
            yield segment[begin:place]
            begin = place
        yield segment[begin:]

    def _is_safe(self, pair: str) -> bool:
        if not self.continuing:
            return False
        if pair not in self._safe:
            self._safe[pair] = self._is_proven(pair)
        return self._safe[pair]

    def _is_proven(self, pair: str) -> bool:
        before, after = pair[0], pair[1]
        if not (_stands_alone(before) and _stands_alone(after)):
            return False
        left, right = self._normal(before), self._normal(after)
        # A normaliser may strip spaces at an end, and join them with others.
        if not left or not right or left[-1] == SPACE or self._normal(before + after) != left + right:
            return False
        # Two unknown characters side by side become one token.
        known = self._bytes or left[-1] in self._known or right[0] in self._known
        return known and (left[-1], right[0]) not in self._joined


def _stands_alone(character: str) -> bool:
    joins = character in _NOT_ALONE or unicodedata.name(character, "").startswith(_JAMO)
    return character == "\n" or (unicodedata.category(character) in _ALONE and not joins)


def _obstacle(fields: dict[str, Any]) -> str:
    """Why no cut can be proven; empty when it can."""
    model = fields["model"]
    if model["type"] not in ("BPE", "Unigram"):
        return f"a model of the kind {model['type']}"
    if model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        return "tokens that know whether they begin or end a word"
    if not all(token["special"] for token in fields["added_tokens"]):
        return "added tokens, before and after which the text is encoded by itself"
    for part in parts(fields["normalizer"], "normalizers"):
        if part["type"] not in _NORMALIZERS and not _puts_spaces(part):
            return f"the normalizer {part['type']}"
    replaces = any(part["type"] == "Replace" for part in parts(fields["normalizer"], "normalizers"))
    for part in parts(fields["pre_tokenizer"], "pretokenizers"):
        splits_nothing = replaces and part["type"] == "Split" and part["pattern"] == {"String": " "}
        if not (part["type"] == "Metaspace" and part["replacement"] == SPACE) and not splits_nothing:
            return f"the pre-tokenizer {part['type']}"
    return ""


def _puts_spaces(part: dict[str, Any]) -> bool:
    """Whether a normaliser only puts the visible space in front, or in place of one space or of several."""
    match part:
        case {"type": "Prepend", "prepend": "▁"} | {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}:
            return True
        case {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁" | " "}:
            return True
    return False


def _without_prefix(fields: dict[str, Any]) -> dict[str, Any]:
    normalizers = [part for part in parts(fields["normalizer"], "normalizers") if part["type"] != "Prepend"]
    splitters = [
        part | {"prepend_scheme": "never"} if part["type"] == "Metaspace" else part
        for part in parts(fields["pre_tokenizer"], "pretokenizers")
    ]
    return fields | {
        "normalizer": {"type": "Sequence", "normalizers": normalizers} if normalizers else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": splitters} if splitters else None,
    }


def _normalizer(continuing: str) -> Callable[[str], str]:
    """What becomes of a text before the model sees it."""
    normalizer = Tokenizer.from_str(continuing).normalizer
    return lambda text: (normalizer.normalize_str(text) if normalizer else text).replace(" ", SPACE)


def _tokens(fields: dict[str, Any]) -> Iterable[str]:
    vocabulary = fields["model"]["vocab"]
    return vocabulary if isinstance(vocabulary, dict) else [token for token, _ in vocabulary]
