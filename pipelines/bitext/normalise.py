"""The form in which sentences are compared, and its hash."""

import unicodedata
from collections.abc import Iterable

import regex
import xxhash

_BETWEEN_WORDS = regex.compile(r"[\p{P}\p{S}\p{Z}\p{C}]+")


def normalise(text: str) -> str:
    """NFKC, case folded, words apart by one space, without punctuation and symbols.

    A text of nothing but punctuation and symbols keeps them.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _BETWEEN_WORDS.sub(" ", folded).strip() or " ".join(folded.split())


def text_hashes(texts: Iterable[str]) -> list[bytes]:
    """XXH3-128 of each normalised text, 16 bytes big-endian."""
    return [xxhash.xxh3_128_digest(normalise(text).encode()) for text in texts]
