"""Files of models: what they hold counts, not where they lie."""

import hashlib
from functools import lru_cache
from pathlib import Path


def content(path: str) -> str:
    """SHA-256 of a model's file, in hex: a model that has moved is the same, one that was replaced is not.

    Raises:
        OSError: the file cannot be read.
    """
    stated = Path(path).stat()
    return _content(path, stated.st_mtime_ns, stated.st_size)


@lru_cache(maxsize=16)
def _content(path: str, _modified: int, _size: int) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
