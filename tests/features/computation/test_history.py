"""Which rows are added to a history, given what there is now."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.computation.history import changes, newest
from features.definition.value_type import ValueType
from features.definition.view import CREATED, EVENT_TIMESTAMP, Entity, Feature, View
from features.tables import columns_of, table_of
from pipelines.tables import TIMESTAMP

VIEW = View(
    "weather",
    entities=(
        Entity("town", "town", ValueType.STRING, "a town"),
        Entity("day", "day", ValueType.INT64, "a day"),
    ),
    features=(
        Feature("warmth", ValueType.DOUBLE, "degrees"),
        Feature("kinds", ValueType.STRING_LIST, "of weather"),
        Feature("wet", ValueType.BOOL, "whether it rains"),
    ),
    about="made up",
)
START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the hour in which clocks in Europe change
LATER, AT, WRITTEN = START + timedelta(hours=1), START + timedelta(hours=2), START + timedelta(hours=3)


def now(*rows):
    """(town, warmth, kinds, wet) that hold since START, unless a fifth value says since when."""
    schema = columns_of(VIEW).append(pa.field(EVENT_TIMESTAMP, TIMESTAMP))
    names = schema.names
    return pa.Table.from_pylist(
        [dict(zip(names, (town, 1, *values, START)[: len(names)], strict=True)) for town, *values in rows],
        schema=schema,
    )


@pytest.fixture
def added(engine):
    """Rows of a history after changes, as pairs with the history: `added(current, history)`."""

    def compute(current, history):
        rows = changes(engine.frame(current), engine.frame(history), VIEW, AT, WRITTEN)
        found = rows.toArrow().sort_by("town")
        return found.append_column("run_id", pa.nulls(found.num_rows, pa.string())).cast(table_of(VIEW).schema)

    return compute


NOTHING = table_of(VIEW).schema.empty_table()


def told(rows):
    return [(row["town"], row["warmth"], row["kinds"], row["wet"], row[EVENT_TIMESTAMP]) for row in rows.to_pylist()]


def test_new_entities_get_a_row_with_their_own_time(added):
    rows = added(now(("Ulm", 7.5, ["fog"], False), ("Bonn", None, [], True, LATER)), NOTHING)
    assert told(rows) == [("Bonn", None, [], True, LATER), ("Ulm", 7.5, ["fog"], False, START)]
    assert set(rows[CREATED].to_pylist()) == {WRITTEN}


@pytest.mark.parametrize("values", [(7.5, ["fog"], False), (None, ["fog", None], True), (float("nan"), [], None)])
def test_an_entity_whose_values_are_the_same_gets_no_row_however_new_it_is(added, values):
    history = added(now(("Ulm", *values)), NOTHING)
    assert added(now(("Ulm", *values, AT)), history).num_rows == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((7.5, ["fog"], False), (7.6, ["fog"], False)),
        ((7.5, ["fog"], False), (None, ["fog"], False)),
        ((7.5, ["fog", "rain"], False), (7.5, ["rain", "fog"], False)),
        ((7.5, None, False), (7.5, [], False)),
        ((7.5, [], None), (7.5, [], False)),
    ],
)
def test_an_entity_of_which_one_value_differs_gets_a_whole_row(added, before, after):
    history = added(now(("Ulm", *before)), NOTHING)
    assert told(added(now(("Ulm", *after, LATER)), history)) == [("Ulm", *after, LATER)]


def test_an_entity_that_is_gone_gets_a_row_without_values_once_and_one_more_when_it_is_back(added):
    history = added(now(("Ulm", 7.5, ["fog"], False)), NOTHING)
    gone = added(now(), history)
    assert told(gone) == [("Ulm", None, None, None, AT)]
    history = pa.concat_tables([history, gone])
    assert added(now(), history).num_rows == 0
    assert told(added(now(("Ulm", 7.5, ["fog"], False, AT + timedelta(days=1))), history)) == [
        ("Ulm", 7.5, ["fog"], False, AT + timedelta(days=1))
    ]


def test_other_values_with_an_earlier_time_become_the_newest_row_all_the_same(added):
    """A file put back from a backup: what it says now holds from now on, not since its old time."""
    history = added(now(("Ulm", 7.5, ["fog"], False, LATER)), NOTHING)
    assert told(added(now(("Ulm", 3.0, [], False, START)), history)) == [("Ulm", 3.0, [], False, AT)]


def test_a_row_is_created_after_the_one_that_it_replaces_even_if_the_clock_was_put_back(added):
    first = added(now(("Ulm", 7.5, ["fog"], False, AT)), NOTHING)
    second = added(now(("Ulm", 3.0, [], False, AT)), first)  # in the same microsecond, by that clock
    assert told(second) == [("Ulm", 3.0, [], False, AT)]
    assert second[CREATED].to_pylist() == [WRITTEN + timedelta(microseconds=1)]


def test_of_rows_with_one_event_time_the_last_created_is_compared(added, engine):
    first = added(now(("Ulm", 1.0, [], False)), NOTHING)
    late = first.set_column(1 + first.schema.get_field_index("day"), "warmth", pa.array([2.0]))
    late = late.set_column(
        late.schema.get_field_index(CREATED), CREATED, pa.array([WRITTEN + timedelta(hours=1)], TIMESTAMP)
    )
    history = pa.concat_tables([late, first])
    assert [row["warmth"] for row in newest(engine.frame(history), VIEW.join_keys).toArrow().to_pylist()] == [2.0]
    assert added(now(("Ulm", 2.0, [], False)), history).num_rows == 0


VALUES = st.tuples(
    st.sampled_from([None, 0.0, 1.5]),
    st.sampled_from([None, [], ["fog"]]),
    st.sampled_from([None, True]),
    st.sampled_from([START - timedelta(days=1), START, LATER, AT + timedelta(days=1)]),
)
STATES = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STATES, min_size=2, max_size=3))
def test_after_every_state_the_newest_rows_are_that_state_and_nothing_more_is_added(added, engine, states):
    history = NOTHING
    for state in states:
        current = now(*((town, *values) for town, values in state.items()))
        history = pa.concat_tables([history, added(current, history)])
        latest = newest(engine.frame(history), VIEW.join_keys).toArrow().to_pylist()
        found = {row["town"]: (row["warmth"], row["kinds"], row["wet"]) for row in latest}
        wanted = {town: values[:3] for town, values in state.items()}
        empty = (None, None, None)
        assert {town: row for town, row in found.items() if row != empty} == {
            town: row for town, row in wanted.items() if row != empty
        }
        assert added(current, history).num_rows == 0
