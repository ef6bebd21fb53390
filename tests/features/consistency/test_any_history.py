"""Whatever the histories, in whatever order they were written: a whole store agrees, and one that lost a write not."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalogue.catalogue import CATALOGUE
from features.consistency.check import check_store
from features.consistency.comparison import Terms, Verdict
from features.consistency.tally import Tally
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.materialization.writer import writer_of
from features.online.reader import OnlineReader
from features.store.address import parse_address
from features.tables import table_of
from lake.lake import Lake
from tests.features import feature_lake
from tests.features.consistency.both_stores import PLAN, now_us
from tests.features.feature_lake import HOUR, START
from tests.features.online.stores import Hand

VIEW = CATALOGUE.view("client_profile")

_ROWS = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 5),  # hours of the event after START
    st.integers(0, 5),  # hours of creation after the event: late rows and corrections
    st.none() | st.sampled_from(["free", "premium"]),  # None: the client is gone
)


@given(st.lists(_ROWS, min_size=1, max_size=12, unique_by=lambda row: row[:3]), st.randoms(), st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_whole_store_agrees_and_a_lost_write_is_found(
    store: str, drawn: Sequence[tuple[str, int, int, str | None]], random: Any, data: st.DataObject
) -> None:
    rows = [
        {
            "client_id": client,
            "tier": tier,
            "requests_per_minute": None if tier is None else hour,
            EVENT_TIMESTAMP: START + hour * HOUR,
            CREATED: START + (hour + later) * HOUR,
        }
        for client, hour, later, tier in drawn
    ]
    with tempfile.TemporaryDirectory() as folder, OnlineReader(store, PLAN.project, PLAN) as reader:
        hand = Hand(store, PLAN)
        hand.call(b"FLUSHALL")
        lake = Lake(str(Path(folder)))
        feature_lake.append(lake, VIEW, rows)
        _write(store, random.sample(rows, len(rows)))
        assert _faults(_checked(lake, reader)) == set()

        lost = data.draw(st.sampled_from(sorted({row[0] for row in drawn})))
        hand.call(b"DEL", hand.hash_key("client_profile", client_id=lost))
        newest = max(
            (row for row in rows if row["client_id"] == lost), key=lambda row: (row[EVENT_TIMESTAMP], row[CREATED])
        )
        expected = {(lost, "tier"), (lost, "requests_per_minute")} if newest["tier"] else set()
        assert _faults(_checked(lake, reader)) == expected
        hand.close()


def _write(store: str, rows: Sequence[dict[str, Any]]) -> None:
    """Writes rows to the online store, one after another."""
    writer = writer_of(parse_address(store), PLAN)
    for row in rows:
        writer.write(VIEW.name, pa.Table.from_pylist([row], schema=table_of(VIEW).schema))
    writer.close()


def _checked(lake: Lake, reader: OnlineReader) -> Tally:
    return check_store(lake, PLAN, reader, Terms(now_us(), 0, 0), 100, 1, ["client_profile"])


def _faults(tally: Tally) -> set[tuple[str, str]]:
    """Client and feature of every answer that is not equal."""
    assert all(found.verdicts.keys() <= {Verdict.EQUAL, Verdict.MISSING} for _, _, found in tally)
    examples = [
        (feature, each) for _, feature, found in tally for listed in found.examples.values() for each in listed
    ]
    return {(example.keys["client_id"], feature) for feature, example in examples}
