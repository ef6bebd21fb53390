"""The point-in-time join on an engine: one pass for all views with the same keys.

A pass moves each entity row and each row of a history once, so its cost grows with their sum, not their product.
Source of the rule: `features.freshness`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_type

from features.definition.view import CREATED as CREATED_COLUMN
from features.definition.view import EVENT_TIMESTAMP
from features.training_sets.finishing import Finishing
from features.training_sets.passes import CREATED, SOURCE, TIME, Pass, found_fields, key_name, value_name
from features.training_sets.specification import KnownAt, Source, Specification
from pipelines.workers.mapped import Mapped


@dataclass(frozen=True)
class Entities:
    """Rows that features are wanted for; none has a null for `event_timestamp`."""

    rows: DataFrame
    schema: pa.Schema  # its columns, in their order, with the types of `entities.typed`; accepted by `checked`
    count: int  # of rows
    latest: datetime | None  # event time; None where there are no rows


def training_set(
    entities: Entities, histories: Mapping[str, DataFrame], specification: Specification, partitions: int
) -> Mapped:
    """Each entity row once, with the features of a service as of its `event_timestamp`.

    Args:
        entities: they may repeat, and have null keys.
        histories: view -> rows of its table.
        specification: of the training set.
        partitions: how many tasks share the rows of a pass; each holds its share in memory.

    Returns:
        Rows of `Finishing.schema`, in no order.
    """
    own = [f"column_{place}" for place in range(len(entities.schema))]
    columns = dict(zip(entities.schema.names, own, strict=True))
    schema = pa.schema([field.with_name(columns[field.name]) for field in entities.schema])
    wanted = entities.rows.toDF(*own).select(*map(_cast, schema))
    rows, joined = wanted, None
    by_keys = sorted(enumerate(specification.sources), key=lambda each: each[1].keys)
    for names, group in groupby(by_keys, key=lambda each: each[1].keys):
        sources = tuple(group)
        keys = {key_name(place): F.col(columns[name]) for place, name in enumerate(names)}
        asked = wanted.select(*(column.alias(name) for name, column in keys.items())).distinct()
        received = rows.withColumns({SOURCE: F.lit(None).cast("int"), TIME: F.col(columns[EVENT_TIMESTAMP]), **keys})
        for number, source in sources:
            history = _history(histories[source.view.name], source, number, entities.latest, specification.known_at)
            of_asked = history.join(asked, on=list(keys), how="left_semi")
            received = received.unionByName(of_asked, allowMissingColumns=True)
        schema = pa.schema([*schema, *(field for number, source in sources for field in found_fields(source, number))])
        joined = Mapped(received.repartition(partitions, *keys), Pass(sources, specification.known_at, schema), schema)
        rows = joined.frame()
    assert joined is not None  # a service has a view
    finishing = Finishing.of(entities.schema, specification)
    return joined.then(finishing, finishing.schema)


def _cast(field: pa.Field) -> Column:
    return F.col(field.name).cast(from_arrow_type(field.type)).alias(field.name)


def _history(rows: DataFrame, source: Source, number: int, latest: datetime | None, known_at: KnownAt) -> DataFrame:
    """What a pass needs of a view's table: rows that can hold for some entity row, under the names of the pass."""
    known = latest if known_at == "row" else _moment(known_at)
    if latest is not None:
        rows = rows.where(F.col(EVENT_TIMESTAMP) <= F.lit(latest))
    if known is not None:
        rows = rows.where(F.col(CREATED_COLUMN) <= F.lit(known))
    return rows.select(
        F.lit(number).alias(SOURCE),
        F.col(EVENT_TIMESTAMP).alias(TIME),
        F.col(CREATED_COLUMN).alias(CREATED),
        *(F.col(name).alias(key_name(place)) for place, name in enumerate(source.keys)),
        *(F.col(name).alias(value_name(number, place)) for place, name in enumerate(source.features)),
    )


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
