"""What a tokenizer.json tells of its vocabulary, read as JSON: special tokens, and which tokens continue a word."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import MissingPathError
from training.feed.errors import FeedMisuseError

if TYPE_CHECKING:
    from pipelines.tables import SequenceFormat

NOT, LETTERS, DIGITS, OTHERS = range(4)
"""What a token begins or ends with: nothing that joins another token, or characters that join their like."""


def read(lake: str, described: "SequenceFormat") -> dict[str, Any]:
    """The tokenizer.json that made the ids of a table; the lake has it.

    Raises:
        MissingPathError: the lake does not.
    """
    from pipelines.storage.storage import Storage

    storage = Storage(lake)
    for entry in storage.entries("tokenizers"):
        text = storage.read_text(f"tokenizers/{entry.name}")
        if text is not None and hashlib.sha256(text.encode()).hexdigest().startswith(described.tokenizer):
            found: dict[str, Any] = json.loads(text)
            return found
    raise MissingPathError(f"{lake}/tokenizers: no tokenizer with the hash {described.tokenizer}")


def special_ids(tokenizer: Mapping[str, Any]) -> set[int]:
    """The ids of added tokens that are marked as special."""
    return {token["id"] for token in tokenizer.get("added_tokens") or () if token.get("special")}


@dataclass(frozen=True)
class WordParts:
    """How tokens of a vocabulary of V ids join to words.

    A token continues the word of the token before it where `first` of the one is `last` of the other, and not `NOT`.
    """

    first: np.ndarray  # (V,) uint8, what each token begins with
    last: np.ndarray  # (V,) uint8, what it ends with

    def begins(self, ids: np.ndarray, maskable: np.ndarray) -> np.ndarray:
        """(B, L) bool: where a word begins among the tokens that may be masked."""
        ends = self._ends.take(ids)
        first, last = ends[:, 1:] >> 2, ends[:, :-1] & 3
        begins: np.ndarray = maskable.copy()
        begins[:, 1:] &= ~((first == last) & (first != NOT) & maskable[:, :-1])
        return begins

    @cached_property
    def _ends(self) -> np.ndarray:
        """(V,) uint8: both in one table."""
        return self.first << 2 | self.last


def word_parts(tokenizer: Mapping[str, Any], vocabulary: int) -> WordParts:
    """Tells words apart by the vocabulary alone.

    * WordPiece: tokens that begin with `##` continue a word.
    * Metaspace: tokens without `▁` at the beginning do.
    * Byte-level: letters continue letters, digits digits, and other characters their like, as the expressions split
      that such tokenizers use; `Ġ` (a space), other whitespace or another kind of character begins a word.

    Args:
        tokenizer: the content of a tokenizer.json.
        vocabulary: V; ids are below.

    Raises:
        FeedMisuseError: the tokenizer is none of these.
    """
    model = tokenizer["model"]
    kinds = {part["type"]: part for name in ("pre_tokenizer", "decoder") for part in _parts(tokenizer.get(name))}
    tokens = dict(_tokens(model["vocab"]))
    if model.get("type") == "WordPiece":
        prefix = model.get("continuing_subword_prefix", "##")
        ends = {number: (LETTERS if token.startswith(prefix) else NOT, LETTERS) for number, token in tokens.items()}
    elif "ByteLevel" in kinds:
        ends = {number: _of_bytes(token) for number, token in tokens.items()}
    elif "Metaspace" in kinds or _replaces_spaces(tokenizer.get("normalizer")):
        space = kinds.get("Metaspace", {}).get("replacement", "▁")
        ends = {number: (NOT if token.startswith(space) else LETTERS, LETTERS) for number, token in tokens.items()}
    else:
        raise FeedMisuseError(
            "this tokenizer.json is none of WordPiece, byte-level or Metaspace: it does not tell which tokens "
            "continue a word; mask single tokens"
        )
    ends |= dict.fromkeys((token["id"] for token in tokenizer.get("added_tokens") or ()), (NOT, NOT))
    table = np.zeros((2, max(vocabulary, *(number + 1 for number in ends))), np.uint8)
    table[:, list(ends)] = np.array(list(ends.values()), np.uint8).T
    return WordParts(np.ascontiguousarray(table[0]), np.ascontiguousarray(table[1]))


def _tokens(vocabulary: Mapping[str, int] | Iterable[tuple[str, float]]) -> Iterator[tuple[int, str]]:
    """(id, token) of a vocabulary; that of Unigram is a list."""
    if isinstance(vocabulary, Mapping):
        return ((number, token) for token, number in vocabulary.items())
    return ((number, token) for number, (token, _) in enumerate(vocabulary))


def _parts(step: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """A step of a tokenizer, or the steps of a sequence."""
    if step is None:
        return
    if step["type"] != "Sequence":
        yield step
    for name in ("pretokenizers", "decoders", "normalizers"):
        for each in step.get(name) or ():
            yield from _parts(each)


def _replaces_spaces(normalizer: Mapping[str, Any] | None) -> bool:
    return any(part["type"] == "Replace" and part.get("content") == "▁" for part in _parts(normalizer))


def _byte_of_character() -> dict[str, int]:
    """The character that stands for a byte in byte-level vocabularies (Radford et al. 2019): itself, if it prints."""
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printed]
    return {chr(byte): byte for byte in printed} | {chr(256 + place): byte for place, byte in enumerate(others)}


_BYTES = _byte_of_character()


def _of_bytes(token: str) -> tuple[int, int]:
    """What a token of a byte-level vocabulary begins and ends with; a part of a character counts as a letter."""
    data = bytes(_BYTES[each] for each in token if each in _BYTES)
    if not data:
        return NOT, NOT
    if data == b" ":
        return NOT, LETTERS  # the space before a word, which some vocabularies leave alone
    text = data.decode("utf-8", "replace")
    return _kind(text[0]), _kind(text[-1])


def _kind(character: str) -> int:
    if character == "\ufffd" or character.isalpha() or unicodedata.category(character)[0] == "M":
        return LETTERS
    if character.isspace():
        return NOT
    return DIGITS if unicodedata.category(character)[0] == "N" else OTHERS
