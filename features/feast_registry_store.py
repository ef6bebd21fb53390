"""Where Feast's registry of a lake lies: one file, replaced as a whole, in a local folder or an object store.

Feast's own store for local files writes into the file that others read; a reader could find half of it.
"""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feast.infra.registry.registry_store import RegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry as RegistryMessage
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from pipelines.errors import TokenlakeError
from pipelines.storage.storage import Storage


class DamagedRegistryError(TokenlakeError, ValueError):
    """The file of a registry is none."""


class LakeRegistryStore(RegistryStore):  # type: ignore[misc]  # Feast is not always there
    """Feast calls this by its name in `RegistryConfig.registry_store_type`."""

    def __init__(self, registry_config: Any, repo_path: Path | None) -> None:
        folder, _, self._name = registry_config.path.rpartition("/")
        self._storage = Storage(folder)

    def get_registry_proto(self) -> RegistryMessage:
        """The registry as it is now.

        Raises:
            FileNotFoundError: there is none; Feast then makes an empty one.
            DamagedRegistryError: the file holds something else.
        """
        if not self._storage.exists(self._name):
            raise FileNotFoundError(self._storage.path(self._name))
        with self._storage.open(self._name) as file:
            data = file.read()
        try:
            return RegistryMessage.FromString(data)
        except DecodeError as error:
            path = self._storage.path(self._name)
            raise DamagedRegistryError(
                f"{path} is no registry of Feast: delete it, and run `tokenlake features apply`"
            ) from error

    def update_registry_proto(self, registry_proto: RegistryMessage) -> None:
        """Replaces the registry."""
        registry_proto.version_id = str(uuid.uuid4())
        registry_proto.last_updated.FromDatetime(datetime.now(UTC))
        self._storage.write_bytes(self._name, registry_proto.SerializeToString())

    def teardown(self) -> None:
        """Deletes the registry."""
        self._storage.delete(self._name)
