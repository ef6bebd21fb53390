"""Bad rows that have been corrected since: a table keeps them for ever, but they need not reach the online store.

Without this, one bad row would stop the materialization of its view until somebody removed it from the table.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from features.definition.view import EVENT_TIMESTAMP, View
from features.entity_rows import entity_rows
from features.materialization.rows import newest
from features.quality.expectations import RefusedBatchError, breaches
from features.tables import table_of
from lake.reading import LakeReader


def check_unless_corrected(lake: LakeReader, view: View, rows: pa.Table, up_to_us: int) -> None:
    """As `expectations.check`, but of a bad row's entity the newest row of the table is checked instead.

    Args:
        lake: holds the table of the view.
        view: the definition.
        rows: of this table.
        up_to_us: rows with later event times do not count yet; microseconds since the epoch.

    Raises:
        RefusedBatchError: the newest row of an entity is bad.
    """
    found = breaches(view, rows)
    if not found:
        return
    if any(breach.broken is None for breach in found):  # a column is missing or of another type
        raise RefusedBatchError(found)
    is_bad = found[0].broken
    for breach in found[1:]:
        is_bad = pc.or_kleene(is_bad, breach.broken)
    keys = rows.filter(pc.fill_null(is_bad, False)).select(view.join_keys)
    remaining = breaches(view, _newest_of(lake, view, keys, up_to_us))
    if remaining:
        raise RefusedBatchError([replace(breach, of=rows.num_rows, row=None) for breach in remaining])


def _newest_of(lake: LakeReader, view: View, keys: pa.Table, up_to_us: int) -> pa.Table:
    """The newest row of each of these entities."""
    table = table_of(view)
    parts = [table.schema.empty_table(), *entity_rows(lake, table, keys)]
    found = pa.concat_tables(parts)
    due = pc.less_equal(found[EVENT_TIMESTAMP].cast(pa.int64()), up_to_us)
    rows = newest(found.filter(pc.fill_null(due, True)), list(view.join_keys))
    wanted = set(_tuples(keys))
    return rows.filter(pa.array([each in wanted for each in _tuples(rows.select(view.join_keys))], pa.bool_()))


def _tuples(keys: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in keys.columns), strict=True))
