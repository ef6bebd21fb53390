"""Reads from the embedded store for several threads: a connection for each that reads at one time."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from features.layout.event_time import encode_event_time
from features.online.read import Answer, Fields, Hashes, PackedRows, Read
from features.store.address import SqliteAddress
from features.store.errors import StoreError
from features.store.sqlite import SqliteStore


class SqlitePool:
    """Connections that threads take and give back; those to a file that was replaced are closed.

    A child process after a fork opens its own.
    """

    def __init__(self, address: SqliteAddress) -> None:
        self.address = address
        self._idle: list[SqliteStore] = []
        self._of_parent: list[SqliteStore] = []  # never used nor closed here: SQLite's locks are a process's
        self._process = os.getpid()

    def read(self, wanted: Read, deadline: float) -> Answer:
        """See `features.online.read.Store`."""
        store = self._taken(deadline)
        try:
            with store.until(deadline):
                packed = [_packed(store, each) for each in wanted.packed]
                hashes = [_fields(store, each) for each in wanted.hashes]
        except StoreError:
            store.close()
            raise
        self._idle.append(store)
        return Answer(packed, hashes)

    def close(self) -> None:
        """See `features.online.read.Store`."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self, deadline: float) -> SqliteStore:
        if self._process != os.getpid():
            self._of_parent += self._idle
            self._idle, self._process = [], os.getpid()
        with suppress(IndexError):
            while (store := self._idle.pop()).is_replaced():
                store.close()
            return store
        return SqliteStore(self.address, timeout=max(deadline - time.monotonic(), 0.0))


def _packed(store: SqliteStore, wanted: PackedRows) -> Sequence[bytes | None]:
    return store.read_packed([wanted.prefix + key for key in wanted.keys])


def _fields(store: SqliteStore, wanted: Hashes) -> Sequence[Fields | None]:
    """The parts of a shape side by side, as they are in a hash."""
    rows: list[list[bytes | None]] = [[] for _ in wanted.keys]
    for part in wanted.shape.parts:
        found = store.read_features(wanted.shape.project, part.view, wanted.keys, part.features)
        for row, entity in zip(rows, found, strict=True):
            row.append(None if entity.event_us is None else _as_field(entity.event_us))
            row += entity.values
    return rows


_as_field = lru_cache(maxsize=8192)(encode_event_time)
