"""Where an online store is: a URL, as the commands take it.

valkey://user:password@host:6379/0     also redis://; valkeys:// and rediss:// with TLS
unix:///run/valkey.sock
sqlite:///folder/online.db             the embedded store; sqlite://relative.db from the working directory
"""

import os
from dataclasses import dataclass, field

from pipelines.errors import MisuseError

VARIABLE = "TOKENLAKE_ONLINE_STORE"
"""The environment variable that names the store when a command does not."""

_VALKEY = {"valkey": False, "redis": False, "valkeys": True, "rediss": True}


class AddressError(MisuseError, ValueError):
    """A URL names no online store; the message says what one looks like."""


@dataclass(frozen=True)
class ValkeyAddress:
    """A Valkey or Redis server."""

    host: str = "127.0.0.1"
    port: int = 6379
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    socket: str | None = None  # path of a Unix socket, used instead of host and port

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


@dataclass(frozen=True)
class SqliteAddress:
    """A file of the embedded store."""

    path: str

    def __str__(self) -> str:
        return self.path


Address = ValkeyAddress | SqliteAddress


def parse_address(url: str) -> Address:
    """The store that a URL names.

    Raises:
        AddressError: it names none.
    """
    from urllib.parse import unquote, urlsplit  # readers that are given an address do without

    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.netloc + parts.path not in ("", "/"):
        return SqliteAddress(os.path.abspath(unquote(parts.netloc + parts.path)))
    if parts.scheme == "unix" and parts.path:
        return ValkeyAddress(socket=parts.path)
    if parts.scheme in _VALKEY:
        try:
            return ValkeyAddress(
                parts.hostname or "127.0.0.1",
                parts.port or 6379,
                _database(parts.path.strip("/")),
                unquote(parts.username) if parts.username else None,
                unquote(parts.password) if parts.password else None,
                _VALKEY[parts.scheme],
            )
        except ValueError as error:
            raise AddressError(f"{_without_password(url)}: {error}") from error
    raise AddressError(
        f"{_without_password(url)} names no online store; examples: valkey://127.0.0.1:6379/0, sqlite:///data/online.db"
    )


def _database(text: str) -> int:
    """The number of a database.

    Raises:
        ValueError: it is none.
    """
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no number of a database; the first is 0")
    return int(text or 0)


def _without_password(url: str) -> str:
    before, found, after = url.rpartition("@")
    return f"{before.partition('://')[0]}://…@{after}" if found else url
