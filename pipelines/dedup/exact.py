"""Exact duplicates: texts that differ at most in whitespace and Unicode composition."""

import unicodedata
from collections.abc import Iterable

import xxhash


def normalise(text: str) -> str:
    """NFC, each run of whitespace (as of `str.split`) one space, none at the ends; case and digits stay."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def text_hashes(texts: Iterable[str]) -> list[bytes | None]:
    """XXH3-128 of each normalised text, 16 bytes big-endian; None for an empty text, which equals no other."""
    return [xxhash.xxh3_128_digest(known.encode()) if (known := normalise(text)) else None for text in texts]
