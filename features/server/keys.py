"""API keys: made here, kept as hashes in a file.

A key is `tlk_<id>_<secret>`. The id is public and finds the entry; the secret is 256 random bits. Of it the file keeps
the SHA-256: a hash that is slow on purpose, as for passwords, guards secrets that can be guessed, and nobody guesses
256 bits; it would only cost every request milliseconds. Digests are compared in constant time, so that how long a
refusal takes says nothing about the digest in the file.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import MisuseError

FORMAT = 1
PUSH = "push"
"""The scope that allows to push rows."""
EVERYTHING = "*"
"""The scope that allows to read every service, and features by their names; not to push."""

_PREFIX = "tlk"


class KeyFileError(MisuseError, ValueError):
    """The file of keys cannot be read, or cannot be changed as asked."""


@dataclass(frozen=True)
class ApiKey:
    """An entry of the file."""

    id: str
    name: str
    sha256: str  # of the secret, in hex
    scopes: tuple[str, ...]  # names of feature services, `*`, `push`
    rate: float | None  # requests per second, of all workers together; None: no limit
    burst: float | None  # requests at once
    created: str  # UTC, ISO 8601


def make_key(
    name: str, scopes: Iterable[str], rate: float | None, burst: float | None, created: str
) -> tuple[ApiKey, str]:
    """A new key: its entry, and the key itself, which is nowhere else.

    Raises:
        KeyFileError: the name is empty, there is no scope, or a limit is not positive.
    """
    if not name.isprintable() or not name.strip():
        raise KeyFileError(f"{name!r} is no name of a key: say in a word who has it")
    granted = tuple(dict.fromkeys(scopes))
    if not granted:
        raise KeyFileError("a key needs a scope: the name of a feature service, `*` or `push`")
    if rate is not None and rate <= 0:
        raise KeyFileError("the rate of a key is a number above 0: requests per second")
    if burst is not None and (burst < 1 or rate is None):
        raise KeyFileError("the burst of a key is at least 1, and needs a rate")
    key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    allowed = None if rate is None else burst or max(1.0, rate)
    return ApiKey(key_id, name, _digest(secret), granted, rate, allowed, created), f"{_PREFIX}_{key_id}_{secret}"


def matching(keys: Mapping[str, ApiKey], presented: str) -> ApiKey | None:
    """The entry of a key that a caller presents; None if there is none, or the secret is another one."""
    prefix, _, rest = presented.partition("_")
    key_id, _, secret = rest.partition("_")
    known = keys.get(key_id)
    digest = _digest(secret)
    if prefix != _PREFIX or known is None or not hmac.compare_digest(digest, known.sha256):
        return None
    return known


def read_keys(path: str | Path) -> dict[str, ApiKey]:
    """The keys of a file, by id.

    Raises:
        KeyFileError: it is missing, or is no file of keys.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise KeyFileError(f"{path}: has format {found['format']}, this program reads {FORMAT}")
        return {each["id"]: _key_of(each) for each in found["keys"]}
    except FileNotFoundError as error:
        raise KeyFileError(f"{path}: no such file; `tokenlake features keys add` makes it") from error
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, KeyFileError):
            raise
        reason = error if isinstance(error, ValueError) else repr(error)
        raise KeyFileError(f"{path}: this is no file of keys: {reason}") from error


def write_keys(path: str | Path, keys: Iterable[ApiKey]) -> None:
    """Writes the file anew, at once and readable by its owner alone; running servers read it within a second."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = target.with_name(f".{target.name}.{os.getpid()}")
    text = json.dumps({"format": FORMAT, "keys": [asdict(key) for key in keys]}, indent=2)
    descriptor = os.open(written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, target)


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Lets no other process that changes the file in between reading and writing it; its folder is made if need be."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target.with_name(f".{target.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key_of(found: Mapping[str, Any]) -> ApiKey:
    rate, burst = found["rate"], found["burst"]
    return ApiKey(
        str(found["id"]),
        str(found["name"]),
        str(found["sha256"]),
        tuple(str(scope) for scope in found["scopes"]),
        None if rate is None else float(rate),
        None if burst is None else float(burst),
        str(found["created"]),
    )
