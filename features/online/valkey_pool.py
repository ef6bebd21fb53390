"""Reads from Valkey or Redis for several threads: a connection for each that reads at one time, kept for the next."""

import os
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import hiredis

from features.online.read import Answer, HashShape, Read
from features.store.address import ValkeyAddress
from features.store.back_off import BackOff
from features.store.errors import StoreTimeoutError, StoreUnavailableError
from features.store.valkey import ValkeyConnection, as_store_error

_WRONG_TYPE = "WRONGTYPE"


def pipeline(wanted: Read) -> tuple[bytes, int]:
    """The commands of a round trip, and how many they are: one MGET, then an HMGET for each entity."""
    parts: list[bytes] = []
    count = 0
    if wanted.packed:
        parts.append(hiredis.pack_command((b"MGET", *wanted.packed)))
        count = 1
    for hashes in wanted.hashes:
        head, tail, suffix = _around_key(hashes.shape)
        parts += [b"%b$%d\r\n%b%b" % (head, len(key) + suffix, key, tail) for key in hashes.keys]
        count += len(hashes.keys)
    return b"".join(parts), count


def answer_of(wanted: Read, replies: list[Any], address: object) -> Answer:
    """What the replies to `pipeline` say.

    Raises:
        StoreError: one is an error, other than that of a key which is no hash.
    """
    if hiredis.ReplyError in set(map(type, replies)):
        replies = [_checked(reply, address) for reply in replies]
    begin = 1 if wanted.packed else 0
    ends = accumulate((len(each.keys) for each in wanted.hashes), initial=begin)
    packed = replies[0] if wanted.packed else []
    return Answer(packed, [replies[first:last] for first, last in pairwise(ends)])


def _checked(reply: Any, address: object) -> Any:
    if not isinstance(reply, hiredis.ReplyError):
        return reply
    if str(reply).startswith(_WRONG_TYPE):
        return None
    raise as_store_error(reply, address)


@lru_cache(maxsize=1024)
def _around_key(shape: HashShape) -> tuple[bytes, bytes, int]:
    """What stands before the key's length and after the key, and the length of the project's name."""
    project = shape.project.encode()
    fields = b"".join([b"$%d\r\n%b\r\n" % (len(field), field) for field in shape.fields])
    return b"*%d\r\n$5\r\nHMGET\r\n" % (2 + len(shape.fields)), project + b"\r\n" + fields, len(project)


class ValkeyPool:
    """Connections that threads take and give back; also after a fork, where the child opens its own."""

    def __init__(self, address: ValkeyAddress) -> None:
        self.address = address
        self._idle: list[ValkeyConnection] = []
        self._process = os.getpid()
        self._back_off = BackOff()

    def read(self, wanted: Read, deadline: float) -> Answer:
        """See `Store`. A connection that turns out to be dead is replaced, once: reads can be repeated."""
        request, count = pipeline(wanted)
        if self._process != os.getpid():
            self._idle, self._process = [], os.getpid()
        try:
            connection = self._idle.pop()
        except IndexError:
            replies = self._on_new(request, count, deadline)
        else:
            try:
                replies = connection.execute(request, count, deadline)
                self._idle.append(connection)
            except StoreTimeoutError:
                raise
            except StoreUnavailableError:
                self.close()  # the others are of the same age
                replies = self._on_new(request, count, deadline)
        return answer_of(wanted, replies, self.address)

    def close(self) -> None:
        """See `Store`; connections in use are closed by those who use them."""
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _on_new(self, request: bytes, count: int, deadline: float) -> list[Any]:
        self._back_off.check()
        connection = ValkeyConnection(self.address)
        try:
            replies = connection.execute(request, count, deadline)
        except StoreTimeoutError:
            raise
        except StoreUnavailableError as error:
            self._back_off.failed(error)
            raise
        self._back_off.succeeded()
        self._idle.append(connection)
        return replies
