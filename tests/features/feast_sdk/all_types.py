"""Definitions with every type of value and of key, and Feast's SDK on them."""

from dataclasses import dataclass
from pathlib import Path

import feast
from feast.repo_config import RegistryConfig

from features.definition.checks import checked
from features.definition.value_type import KEY_TYPES, ValueType
from features.definition.view import Catalogue, Entity, Feature, FeatureService, View, select
from features.feast_registry import FILE, apply_definitions
from features.store.address import Address, SqliteAddress

FEATURES = tuple(Feature(each.name.lower(), each, "one of each type") for each in ValueType)


def _key(value_type: ValueType) -> Entity:
    name = f"by_{value_type.name.lower()}"
    return Entity(name, f"{name}_id", value_type, "something with a key of this type")


KEYED = {each: View(f"keyed_{each.name.lower()}", (_key(each),), FEATURES[:3], "by one key") for each in KEY_TYPES}
"""A view for each type of key."""

BY_THREE = View(
    "keyed_by_three",
    tuple(_key(each) for each in (ValueType.STRING, ValueType.INT64, ValueType.INT32)),
    FEATURES[:3],
    "by three keys; their order here is not that of their names",
)
EVERY_TYPE = View(
    "every_type", (Entity("thing", "thing_id", ValueType.STRING, "something"),), FEATURES, "every type", pushed=True
)
ALL_TYPES = checked(
    Catalogue(
        "all_types",
        (EVERY_TYPE, BY_THREE, *KEYED.values()),
        (FeatureService("everything", (select(EVERY_TYPE),), "all of it"),),
    )
)


@dataclass(frozen=True)
class Store:
    """An online store, and Feast's SDK on it."""

    address: Address
    sdk: feast.FeatureStore


def sdk(lake: Path, address: Address, catalogue: Catalogue = ALL_TYPES) -> feast.FeatureStore:
    """Feast's SDK on a registry that `apply_definitions` wrote."""
    apply_definitions(str(lake), catalogue)
    if isinstance(address, SqliteAddress):
        online = {"type": "sqlite", "path": address.path}
    else:
        online = {"type": "redis", "connection_string": f"{address.host}:{address.port},db={address.database}"}
    config = feast.RepoConfig(
        project=catalogue.project,
        provider="local",
        registry=RegistryConfig(path=str(lake / FILE)),
        online_store=online,
        offline_store={"type": "spark"},
        entity_key_serialization_version=3,
    )
    return feast.FeatureStore(config=config)
