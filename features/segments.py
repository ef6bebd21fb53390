"""Keys of segments and terms, made from text alike where features are computed and where they are asked for."""

import hashlib
import unicodedata


def normalised(text: str) -> str:
    """Canonical composition, and one space for each run of white space; none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def segment_id(text: str) -> str:
    """The key of a source segment: 32 hex digits, BLAKE2b-128 of its normalised text. Case and punctuation count."""
    return hashlib.blake2b(normalised(text).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def term_key(text: str) -> str:
    """The key of a glossary term: its normalised text without case."""
    return normalised(text).casefold()
