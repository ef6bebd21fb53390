"""The catalogue as Feast's objects: what `feast apply` registers (feast 0.67).

Only what registers definitions imports this module; it imports Feast, and with it pandas and much else.
"""

import inspect
import textwrap
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import feast
from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.table_format import DeltaFormat
from feast.transformation.python_transformation import PythonTransformation
from feast.types import FeastType, from_value_type
from feast.value_type import ValueType as FeastValueType

from features.definition.value_type import ValueType
from features.definition.view import (
    CREATED,
    EVENT_TIMESTAMP,
    Catalogue,
    Entity,
    Feature,
    FeatureService,
    OnDemandView,
    View,
)


@dataclass(frozen=True)
class FeastObjects:
    """Everything of one project; names are those of the catalogue."""

    project: feast.Project
    entities: tuple[feast.Entity, ...]
    sources: tuple[feast.data_source.DataSource, ...]  # tables, push sources, and what requests bring
    views: tuple[feast.FeatureView, ...]
    on_demand: tuple[OnDemandFeatureView, ...]
    services: tuple[feast.FeatureService, ...]


def objects_of(catalogue: Catalogue, lake: str) -> FeastObjects:
    """The objects of all definitions.

    Args:
        catalogue: the definitions.
        lake: folder or URI of the lake, absolute; its tables are the views' sources.
    """
    with warnings.catch_warnings():  # Feast calls Spark sources and on-demand views experimental, once for each
        warnings.simplefilter("ignore", RuntimeWarning)
        entities = {each.name: _entity(each) for each in catalogue.entities}
        views = {
            each.name: _view(each, [entities[one.name] for one in each.entities], lake) for each in catalogue.views
        }
        on_demand = {each.name: _on_demand(each, views) for each in catalogue.on_demand}
        services = tuple(_service(each, views, on_demand) for each in catalogue.services)
    stored = [source for view in views.values() for source in (view.batch_source, view.stream_source) if source]
    requests = [source for view in on_demand.values() for source in view.source_request_sources.values()]
    return FeastObjects(
        feast.Project(name=catalogue.project, description="features of the lake, its sources and its translations"),
        tuple(entities.values()),
        (*stored, *requests),
        tuple(views.values()),
        tuple(on_demand.values()),
        services,
    )


def feast_type(value_type: ValueType) -> FeastType:
    """Feast's name of a type; the numbers are the same."""
    return from_value_type(FeastValueType(int(value_type)))


def _entity(entity: Entity) -> feast.Entity:
    return feast.Entity(
        name=entity.name,
        join_keys=[entity.join_key],
        value_type=FeastValueType(int(entity.value_type)),
        description=entity.about,
    )


def _view(view: View, entities: list[feast.Entity], lake: str) -> feast.FeatureView:
    table = SparkSource(
        name=view.table,
        path=f"{lake}/{view.table}",
        table_format=DeltaFormat(),
        timestamp_field=EVENT_TIMESTAMP,
        created_timestamp_column=CREATED,
        description=view.about,
    )
    keys = [feast.Field(name=each.join_key, dtype=feast_type(each.value_type)) for each in view.entities]
    return feast.FeatureView(
        name=view.name,
        entities=entities,
        schema=[*keys, *_fields(view.features)],
        source=feast.PushSource(name=f"{view.name}_push", batch_source=table) if view.pushed else table,
        ttl=view.max_age or timedelta(0),  # 0: no limit
        description=view.about,
    )


def _fields(features: Iterable[Feature]) -> list[feast.Field]:
    return [
        feast.Field(name=each.name, dtype=feast_type(each.value_type), description=each.about) for each in features
    ]


def _on_demand(view: OnDemandView, views: dict[str, feast.FeatureView]) -> OnDemandFeatureView:
    inputs: dict[str, list[str]] = {}
    for source, feature in view.inputs:
        inputs.setdefault(source.name, []).append(feature)
    sources = [views[name][features] for name, features in inputs.items()]
    if view.request:
        sources.append(feast.RequestSource(name=f"{view.name}_request", schema=_fields(view.request)))
    return OnDemandFeatureView(
        name=view.name,
        sources=sources,
        # Without descriptions: Feast compares these fields with those that it infers, which have none.
        schema=[feast.Field(name=each.name, dtype=feast_type(each.value_type)) for each in view.features],
        feature_transformation=PythonTransformation(udf=view.compute, udf_string=_source(view)),
        mode="python",
        description=view.about,
    )


def _source(view: OnDemandView) -> str:
    """What Feast executes to get the function: its import. The text below is for the UI, and shows changes."""
    module, _, name = view.function.partition(":")
    return f"from {module} import {name}\n\n" + textwrap.indent(inspect.getsource(view.compute), "# ")


def _service(
    service: FeatureService, views: dict[str, feast.FeatureView], on_demand: dict[str, OnDemandFeatureView]
) -> feast.FeatureService:
    selected = [views[each.view.name][list(each.features)] for each in service.selections]
    return feast.FeatureService(
        name=service.name,
        features=[*selected, *(on_demand[each.name] for each in service.on_demand)],
        description=service.about,
    )
