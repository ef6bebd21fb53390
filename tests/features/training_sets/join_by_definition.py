"""The join by definition: for every entity row, every row of every history, one after the other. Slow and plain."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from features.training_sets.specification import Source, Specification, names

Row = Mapping[str, Any]
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
PRESENT, NULL_VALUE, NOT_FOUND, OUTSIDE_MAX_AGE = 1, 2, 3, 4


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def training_set(
    entities: Sequence[Row], histories: Mapping[str, Sequence[Row]], specification: Specification
) -> list[dict[str, Any]]:
    """A row for each entity row, in their order, without features on demand."""
    columns = list(entities[0]) if entities else []
    named = names(specification, columns)
    rows = []
    for entity in entities:
        row, found = dict(entity), {}
        for number, source in enumerate(specification.sources):
            values, status, event = lookup(entity, histories[source.view.name], source, specification.known_at)
            found.update({(source.view.name, feature): value for feature, value in values.items()})
            row[named.statuses[number]], row[named.event_timestamps[number]] = status, event
        row.update({name: found[each] for name, each in zip(named.selected, specification.selected, strict=True)})
        rows.append(row)
    return rows


def lookup(entity: Row, history: Sequence[Row], source: Source, known_at: Any) -> tuple[dict[str, Any], int, Any]:
    """Values, status and event time of one view for one entity row."""
    nothing = dict.fromkeys(source.features)
    best = None
    for row in history:
        if any(entity[key] is None or row[key] is None or entity[key] != row[key] for key in source.view.join_keys):
            continue
        if row["event_timestamp"] > entity["event_timestamp"]:
            continue
        if known_at == "row" and row["created"] > entity["event_timestamp"]:
            continue
        if isinstance(known_at, int) and micros(row["created"]) > known_at:
            continue
        if best is None or (row["event_timestamp"], row["created"]) > (best["event_timestamp"], best["created"]):
            best = row
    if best is None:
        return nothing, NOT_FOUND, None
    age, most = micros(entity["event_timestamp"]) - micros(best["event_timestamp"]), source.view.max_age_us
    if most is not None and age > most:
        return nothing, OUTSIDE_MAX_AGE, best["event_timestamp"]
    values = {name: best[name] for name in source.features}
    status = NULL_VALUE if all(value is None for value in values.values()) else PRESENT
    return values, status, best["event_timestamp"]
