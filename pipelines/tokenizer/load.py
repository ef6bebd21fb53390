"""A tokenizer.json, validated and identified by its content."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from pipelines.errors import MisuseError
from pipelines.storage.errors import StorageError
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri
from pipelines.tokenizer.width import id_dtype

END_OF_TEXT = ("<|endoftext|>", "<|end_of_text|>", "<|eot_id|>", "</s>", "<eos>", "[SEP]")
BETWEEN_SEGMENTS = ("[SEP]", "</s>", "<sep>", "<|sep|>")
CLASS = ("[CLS]", "<s>", "<cls>", "<|cls|>")
MASK = ("[MASK]", "<mask>", "<|mask|>")
PADDING = ("<|pad|>", "<pad>", "[PAD]", "<|padding|>", "<|finetune_right_pad_id|>")


class TokenizerError(MisuseError, ValueError):
    """An unusable tokenizer file, or a token that the tokenizer lacks."""


@dataclass(frozen=True)
class LoadedTokenizer:
    """A tokenizer as canonical JSON, with the properties that packing needs.

    `json` has truncation and padding switched off (they would lose or add tokens) and sorted keys, so equal
    tokenizers have equal JSON however their files were formatted.
    """

    json: str

    @cached_property
    def fingerprint(self) -> str:
        """First 16 hex digits of the SHA-256 of `json`: the content of the column `tokens.tokenizer`."""
        return hashlib.sha256(self.json.encode()).hexdigest()[:16]

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return opened(self.json).get_vocab(with_added_tokens=True)

    @property
    def tokens_without_merge(self) -> list[str]:
        """Added tokens, and those that no merge of a BPE makes: what a text must not become by spelling it."""
        fields = json.loads(self.json)
        added = [token["content"] for token in fields["added_tokens"]]
        merges = fields["model"].get("merges", ())
        made = {*added} | {merge.replace(" ", "") if isinstance(merge, str) else "".join(merge) for merge in merges}
        vocabulary = fields["model"]["vocab"] if merges else ()
        return [*added, *sorted(token for token in vocabulary if len(token) > 1 and token not in made)]

    @property
    def vocabulary_size(self) -> int:
        """Largest id plus one, the rows of an embedding table; ids may have gaps."""
        return max(self.vocabulary.values()) + 1

    @property
    def dtype(self) -> np.dtype:
        """Little-endian uint16 while every id fits, else uint32."""
        return id_dtype(self.vocabulary_size)

    def token_id(self, token: str) -> int:
        """The id of `token`.

        Raises:
            TokenizerError: the vocabulary lacks it.
        """
        if token not in self.vocabulary:
            raise TokenizerError(f"the tokenizer {self.fingerprint} has no token {token!r}")
        return self.vocabulary[token]

    def separator(self, token: str | None = None) -> int:
        """The id that ends each document: `token`, else the first of `END_OF_TEXT` in the vocabulary.

        Raises:
            TokenizerError: the vocabulary lacks it; the configuration must name another.
        """
        for candidate in (token,) if token else END_OF_TEXT:
            if candidate in self.vocabulary or token:
                return self.token_id(candidate)
        raise TokenizerError(f"the tokenizer has none of {', '.join(END_OF_TEXT)}: name its end-of-text token")

    def between_segments(self, token: str | None = None) -> int:
        """The id that ends a segment of a masked row: `token`, else the first of `BETWEEN_SEGMENTS`, else `separator`.

        Raises:
            TokenizerError: as `separator`.
        """
        found = None if token else self._first_of(BETWEEN_SEGMENTS)
        return self.separator(token) if found is None else found

    def class_token(self, token: str | None = None) -> int:
        """The id that begins a masked row: `token`, else the first of `CLASS` in the vocabulary.

        Raises:
            TokenizerError: the vocabulary lacks it; the configuration must name another.
        """
        return self._named(token, CLASS, "class token", "start")

    def mask(self, token: str | None = None) -> int:
        """The id that hides a token: `token`, else the first of `MASK` in the vocabulary.

        Raises:
            TokenizerError: the vocabulary lacks it; the configuration must name another.
        """
        return self._named(token, MASK, "mask token", "mask")

    def _named(self, token: str | None, usual: tuple[str, ...], what: str, key: str) -> int:
        if token:
            return self.token_id(token)
        found = self._first_of(usual)
        if found is None:
            raise TokenizerError(
                f"the tokenizer {self.fingerprint} has no {what} ({', '.join(usual)}): name one of its tokens as "
                f"`{key}` of the section `masked`, or, where the lake trains its tokenizer, add one to "
                "`tokenizer.special_tokens` under another `tokenizer.name`"
            )
        return found

    def _first_of(self, tokens: tuple[str, ...]) -> int | None:
        return next((self.vocabulary[token] for token in tokens if token in self.vocabulary), None)

    def padding(self, token: str | None = None, separator: str | None = None) -> int:
        """The id that pads a sequence: `token`, else the first of `PADDING` in the vocabulary, else the separator.

        Raises:
            TokenizerError: as `separator`.
        """
        for candidate in (token,) if token else PADDING:
            if candidate in self.vocabulary or token:
                return self.token_id(candidate)
        return self.separator(separator)


@lru_cache(maxsize=2)
def opened(tokenizer_json: str) -> Tokenizer:
    """The library's object, which recognises no special token in a text; made once."""
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.encode_special_tokens = True
    return tokenizer


def parse(content: str | bytes, origin: str = "tokenizer.json") -> LoadedTokenizer:
    """Validates the text of a tokenizer.json; `origin` names it in errors.

    Raises:
        TokenizerError: not a tokenizer, an empty vocabulary, or one whose encoding is random (BPE dropout).
    """
    try:
        fields = json.loads(content) | {"truncation": None, "padding": None}
        canonical = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        tokenizer = opened(canonical)
    except Exception as error:  # the library raises bare Exception
        raise TokenizerError(f"{origin} is not a tokenizer.json that this version reads: {error}") from error
    if fields["model"].get("dropout"):
        raise TokenizerError(f"{origin} has BPE dropout {fields['model']['dropout']}: its ids are random")
    if not tokenizer.get_vocab_size():
        raise TokenizerError(f"{origin} has an empty vocabulary")
    return LoadedTokenizer(canonical)


def load(location: str | Path) -> LoadedTokenizer:
    """Reads and validates a tokenizer.json, at a path or URI.

    Raises:
        TokenizerError: as `parse`, or the file cannot be read.
        StorageError: the store refuses it.
    """
    location = str(location)
    uri = LakeUri.parse(location)
    try:
        content = files_of(uri).read(str(uri))
    except StorageError:
        raise
    except OSError as error:
        raise TokenizerError(f"cannot read the tokenizer {location}: {error.strerror or 'no such file'}") from error
    return parse(content, location)
