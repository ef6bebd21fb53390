"""Stores for the tests of lookups."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import PLAN, Hand

from features.online.reader import OnlineReader


@pytest.fixture(params=["valkey", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    return f"sqlite://{tmp_path}/online.db" if request.param == "sqlite" else request.getfixturevalue("store")


@pytest.fixture
def hand(store: str) -> Iterator[Hand]:
    """Writes single keys into Valkey."""
    made = Hand(store)
    yield made
    made.close()


@pytest.fixture
def reader(store: str) -> Iterator[OnlineReader]:
    """A reader of Valkey."""
    with OnlineReader(store, plan=PLAN) as made:
        yield made
