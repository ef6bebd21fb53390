"""A history of a view with two keys, and rows to join to it.

The keys are numbers as text, and the rows' times are midnights: "1" and "12" at some midnight, "11" and "2" at the
same. Programs that join texts without a separator take such rows for one. Event times are all different, so that
there is one right answer.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.definition.view import FeatureService, select
from features.plan import Plan
from features.tables import table_of
from lake.commits import CommitMetadata
from lake.lake import Lake
from pipelines.tables import TIMESTAMP, Table

VIEW = "language_pair_statistics"
SERVICE = "language_pairs"
PLAN = Plan.of(replace(CATALOGUE, services=(FeatureService(SERVICE, (select(CATALOGUE.view(VIEW)),), ""),)))
ENTITIES = "requests"
DAY_US = 86_400_000_000
DAYS = 30
KEYS = (200, 25)  # distinct values of each key


def write(folder: Path, entities: int, history: int) -> None:
    """A lake with `history` rows of the view and `entities` distinct rows to join."""
    lake, generator = Lake(str(folder)), np.random.default_rng(7)
    view = CATALOGUE.view(VIEW)
    event = generator.choice(DAYS * DAY_US, history, replace=False, shuffle=False)
    columns = {
        key: _texts(generator.integers(0, size, history)) for key, size in zip(view.join_keys, KEYS, strict=True)
    }
    for feature in view.features:
        whole = feature.value_type is ValueType.INT64
        columns[feature.name] = generator.integers(0, 1 << 40, history) if whole else generator.random(history)
    columns |= {"event_timestamp": _times(event), "created": _times(event), "run_id": ["features"] * history}
    table = table_of(view)
    _commit(lake, table, pa.table({name: columns[name] for name in table.schema.names}, schema=table.schema))
    chosen = generator.choice(KEYS[0] * KEYS[1] * DAYS, entities, replace=False)
    pairs, day = np.divmod(chosen, DAYS)
    schema = pa.schema(
        [*((key, pa.string()) for key in view.join_keys), ("event_timestamp", TIMESTAMP), ("label", pa.int64())]
    )
    rows = [*map(_texts, np.divmod(pairs, KEYS[1])), _times((day + 1) * DAY_US), np.arange(entities)]
    _commit(lake, Table(ENTITIES, (), schema), pa.table(rows, schema=schema))


def files(lake: Path, table: str) -> list[str]:
    """The Parquet files of a table's newest version."""
    return [str(lake / table / file.path) for file in Lake(str(lake)).files(table)]


def _texts(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers.astype(str).tolist())


def _times(micros: np.ndarray) -> pa.Array:
    return pa.array(micros).cast(TIMESTAMP)


def _commit(lake: Lake, table: Table, rows: pa.Table) -> None:
    metadata = CommitMetadata("features-0000000000000000", "features", "append", "", "", {}, time.time())
    lake.append(rows, table, metadata, None)
