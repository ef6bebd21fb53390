"""The whole join on an engine, against its definition in `join_by_definition.py`."""

import math
from datetime import UTC, datetime, timedelta

import join_by_definition
import pyarrow as pa
import small_catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.tables import table_of
from features.training_sets.join import Entities, training_set
from features.training_sets.specification import Specification
from pipelines.tables import TIMESTAMP

START = datetime(2026, 11, 1, tzinfo=UTC)
ENTITIES = pa.schema(
    [("user", pa.string()), ("item", pa.int64()), ("event_timestamp", TIMESTAMP), ("label", pa.float64())]
)


def at(number):
    """A time, in microseconds after START: few of them, so that many are equal."""
    return START + timedelta(microseconds=number)


def joined(engine, entities, histories, specification):
    """Rows of the training set, as dicts, sorted like `in_order`."""
    table = pa.Table.from_pylist(entities, ENTITIES)
    latest = max((row["event_timestamp"] for row in entities), default=None)
    frames = {
        view.name: engine.frame(pa.Table.from_pylist(histories[view.name], table_of(view).schema))
        for view in small_catalogue.CATALOGUE.views
    }
    made = training_set(
        Entities(engine.frame(table), ENTITIES, len(table), latest), frames, specification, partitions=2
    )
    found = made.frame().toArrow()
    assert found.schema.names == made.schema.names
    return in_order(found.cast(made.schema).to_pylist())


def in_order(rows):
    """Rows as dicts in one order; NaN as a text, so that it equals itself."""
    plain = [
        {key: "NaN" if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in rows
    ]
    return sorted(plain, key=lambda row: str(sorted(row.items())))


_user = st.sampled_from([None, "", "1", "11", "2"])
_item = st.sampled_from([None, 0, 1, 12, 2])
_number = st.one_of(st.none(), st.sampled_from([0.0, 1.5, math.nan]))
_moment = st.integers(0, 8).map(at)
_entity = st.fixed_dictionaries({"user": _user, "item": _item, "event_timestamp": _moment, "label": _number})


def _history(keys, **values):
    row = st.fixed_dictionaries({**keys, **values, "event_timestamp": _moment, "created": _moment})
    return st.lists(
        row, max_size=25, unique_by=lambda row: (*(row[key] for key in keys), row["event_timestamp"], row["created"])
    )


_histories = st.fixed_dictionaries(
    {
        "users": _history(
            {"user": _user}, visits=st.one_of(st.none(), st.integers(0, 5)), country=st.sampled_from([None, "de"])
        ),
        "moods": _history({"user": _user}, score=_number, tags=st.sampled_from([None, [], ["a"], ["a", "b"]])),
        "ratings": _history({"user": _user, "item": _item}, score=_number, seen=st.sampled_from([None, START])),
    }
)
_known_at = st.one_of(st.none(), st.just("row"), st.integers(0, 8).map(lambda n: join_by_definition.micros(at(n))))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_entity, min_size=1, max_size=15), _histories, _known_at, st.booleans())
def test_every_row_gets_what_the_definition_gives_it(engine, entities, histories, known_at, full_names):
    specification = Specification.of(small_catalogue.PLAN, "all", known_at, full_names)
    expected = join_by_definition.training_set(entities, histories, specification)
    assert joined(engine, entities, histories, specification) == in_order(expected)
