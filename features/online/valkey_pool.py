"""Reads from Valkey or Redis for several threads: a connection for each that reads at one time, kept for the next."""

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import hiredis

from features.online.read import Answer, Hashes, HashShape, PackedRows, Read
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
        parts.append(b"*%d\r\n$4\r\nMGET\r\n" % (1 + sum([len(each.keys) for each in wanted.packed])))
        parts += [_around(b"", each.keys, each.prefix, b"\r\n") for each in wanted.packed]
        count = 1
    for hashes in wanted.hashes:
        head, tail = _hmget(hashes.shape)
        parts.append(_around(head, hashes.keys, b"", tail, len(hashes.shape.project.encode())))
        count += len(hashes.keys)
    return b"".join(parts), count


def answer_of(wanted: Read, replies: list[Any], address: object) -> Answer:
    """What the replies to `pipeline` say.

    Raises:
        StoreError: one is an error, other than that of a key which is no hash.
    """
    if hiredis.ReplyError in set(map(type, replies)):
        replies = [_checked(reply, address) for reply in replies]
    packed = _split(replies[0], wanted.packed) if wanted.packed else []
    return Answer(packed, _split(replies[1:] if packed else replies, wanted.hashes))


def _split(found: list[Any], wanted: Sequence[PackedRows | Hashes]) -> list[Sequence[Any]]:
    """What belongs to each, where all of it is in one list."""
    if len(wanted) == 1:
        return [found]
    ends = list(accumulate([len(each.keys) for each in wanted]))
    return [found[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _checked(reply: Any, address: object) -> Any:
    if not isinstance(reply, hiredis.ReplyError):
        return reply
    if str(reply).startswith(_WRONG_TYPE):
        return None
    raise as_store_error(reply, address)


@lru_cache(maxsize=1024)
def _hmget(shape: HashShape) -> tuple[bytes, bytes]:
    """What stands before the length of an entity's key, and after the key: the project is its last part."""
    fields = b"".join([b"$%d\r\n%b\r\n" % (len(field), field) for field in shape.fields])
    return b"*%d\r\n$5\r\nHMGET\r\n" % (2 + len(shape.fields)), shape.project.encode() + b"\r\n" + fields


def _around(head: bytes, keys: Sequence[bytes], prefix: bytes, tail: bytes, suffix: int = 0) -> bytes:
    """For each key: `head`, its length in the store, `prefix`, the key, `tail`, of which `suffix` bytes are the key's.

    Keys often have one length; then all is one join.
    """
    more = len(prefix) + suffix
    lengths = set(map(len, keys))
    if len(lengths) == 1:
        before = b"%b$%d\r\n%b" % (head, lengths.pop() + more, prefix)
        return before + (tail + before).join(keys) + tail
    return b"".join([b"%b$%d\r\n%b%b%b" % (head, len(key) + more, prefix, key, tail) for key in keys])


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
