"""Files of models: what they hold counts, not where they lie."""

import hashlib
from functools import lru_cache

from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri

_BLOCK = 1 << 20


def content(location: str) -> str:
    """SHA-256 of a model's file, in hex: a model that has moved is the same, one that was replaced is not.

    Raises:
        OSError: the file cannot be read.
    """
    uri = LakeUri.parse(location)
    if not uri.is_local:
        return _digest(location)
    stated = uri.path.stat()
    return _known_digest(location, stated.st_mtime_ns, stated.st_size)


@lru_cache(maxsize=16)
def _known_digest(location: str, _modified: int, _size: int) -> str:
    return _digest(location)


def _digest(location: str) -> str:
    uri, digest = LakeUri.parse(location), hashlib.sha256()
    with files_of(uri).open(str(uri)) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
