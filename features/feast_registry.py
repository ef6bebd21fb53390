"""Keeps Feast's registry of a lake: the definitions, and what was materialized. For Feast's SDK, UI and CLI.

Nothing here goes through Feast's `FeatureStore`, which would start Spark to validate sources, and create tables in
the online store. Feast is imported only where it is used: without it these functions do nothing and say so.
"""

import fcntl
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from features.definition.view import Catalogue
from features.feast_import import import_feast
from pipelines.storage.storage import Storage
from pipelines.storage.uri import is_local

if TYPE_CHECKING:
    from feast.infra.registry.registry import Registry
    from feast.on_demand_feature_view import OnDemandFeatureView

FILE = "features/registry.db"
"""The registry of a lake, relative to its folder."""

_INTERVALS = 100


def installed() -> bool:
    """Whether Feast is: it comes with `tokenlake[features]`."""
    return find_spec("feast") is not None


def apply_definitions(lake: str, catalogue: Catalogue) -> bool:
    """Makes the registry hold exactly these definitions. What was materialized, and versions of views, it keeps.

    Args:
        lake: folder or URI, absolute.
        catalogue: the definitions.

    Returns:
        False without Feast.
    """
    if not installed():
        return False
    import_feast()
    from feast.feature_view import DUMMY_ENTITY  # of on-demand views, which have none of their own

    from features.feast_objects import objects_of

    objects = objects_of(catalogue, lake)
    project = catalogue.project
    with _changed(f"{lake}/{FILE}", project) as registry:
        registry.apply_project(objects.project, commit=False)
        for source in objects.sources:
            registry.apply_data_source(source, project, commit=False)
        for entity in (*objects.entities, DUMMY_ENTITY):
            registry.apply_entity(entity, project, commit=False)
        for view in objects.views:
            registry.apply_feature_view(view, project, commit=False)
        known = {each.name: each for each in registry.list_on_demand_feature_views(project, allow_cache=True)}
        for view in objects.on_demand:
            if view.name not in known or not _same(view, known[view.name]):
                registry.apply_feature_view(view, project, commit=False)
        for service in objects.services:
            registry.apply_feature_service(service, project, commit=False)
        _delete_others(registry, project, objects)
    return True


def record_materialization(registry_path: str, project: str, view_name: str, start: datetime, end: datetime) -> bool:
    """Records that a view's rows with event times from `start` to `end` are in the online store.

    The view's state becomes AVAILABLE_ONLINE, in which Feast serves it; it never becomes MATERIALIZING, in which Feast
    refuses to.

    Args:
        registry_path: of the registry; `LAKE/features/registry.db`.
        project: of the catalogue.
        view_name: a view, not one computed on demand.
        start: earliest event time, with time zone.
        end: latest event time, with time zone.

    Returns:
        False when there is no Feast, no registry, or the registry does not know the view.
    """
    folder, _, name = registry_path.rpartition("/")
    if not installed() or not Storage(folder).exists(name):
        return False
    import_feast()
    from feast.errors import FeatureViewNotFoundException

    try:
        with _changed(registry_path, project) as registry:
            view = registry.get_feature_view(view_name, project, allow_cache=True)
            registry.apply_materialization(view, project, start, end, commit=False)
            _merge_oldest(registry, project, view_name)
    except FeatureViewNotFoundException:
        return False
    return True


def _merge_oldest(registry: "Registry", project: str, view_name: str) -> None:
    """Keeps a hundred intervals of a view, the first of which spans all before: Feast itself never drops one."""
    for view in registry.proto().feature_views:
        if (view.spec.name, view.spec.project) == (view_name, project):
            intervals = sorted(view.meta.materialization_intervals, key=lambda each: each.end_time.ToNanoseconds())
            old, kept = intervals[: 1 - _INTERVALS], intervals[1 - _INTERVALS :]
            if len(old) > 1:
                first = min(old, key=lambda each: each.start_time.ToNanoseconds())
                old[-1].start_time.CopyFrom(first.start_time)
                del view.meta.materialization_intervals[:]
                view.meta.materialization_intervals.extend([old[-1], *kept])


def _same(one: "OnDemandFeatureView", other: "OnDemandFeatureView") -> bool:
    """Whether two on-demand views are equal. Feast takes any two for different, and would count up versions."""
    return _described(one) == _described(other)


def _described(view: "OnDemandFeatureView") -> tuple[Any, ...]:
    inputs = {
        each.name: [field.name for field in each.features] for each in view.source_feature_view_projections.values()
    }
    requests = {each.name: each.schema for each in view.source_request_sources.values()}
    return view.features, view.description, view.feature_transformation.udf_string, inputs, requests


@contextmanager
def _changed(path: str, project: str) -> Iterator["Registry"]:
    """The registry, written once when the block ends. On this machine one process at a time changes it."""
    from feast.infra.registry.registry import Registry
    from feast.repo_config import RegistryConfig

    store = "features.feast_registry_store.LakeRegistryStore"
    with _locked(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # Feast calls Spark sources experimental, at each it reads
        registry = Registry(project, RegistryConfig(path=path, registry_store_type=store), None)
        yield registry
        registry.commit()


@contextmanager
def _locked(path: str) -> Iterator[None]:
    if not is_local(path):
        yield  # the last writer's registry holds
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
        yield


def _delete_others(registry: "Registry", project: str, objects: Any) -> None:
    """Deletes from the registry what is no longer defined, services first: they refer to views, views to sources."""
    kept = {kind: {each.name for each in getattr(objects, kind)} for kind in vars(objects) if kind != "project"}
    for service in registry.list_feature_services(project, allow_cache=True):
        if service.name not in kept["services"]:
            registry.delete_feature_service(service.name, project, commit=False)
    for view in registry.list_all_feature_views(project, allow_cache=True):
        if view.name not in kept["views"] | kept["on_demand"]:
            registry.delete_feature_view(view.name, project, commit=False)
    for source in registry.list_data_sources(project, allow_cache=True):
        if source.name not in kept["sources"]:
            registry.delete_data_source(source.name, project, commit=False)
    for entity in registry.list_entities(project, allow_cache=True):
        if entity.name not in kept["entities"] and not entity.name.startswith("__"):  # that is Feast's
            registry.delete_entity(entity.name, project, commit=False)
