"""Counts of a table for training translation, and what must be equal among them and those of `pair_tokens`."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.checks.waiting import behind
from lake.contract import objective_of
from lake.lake import Lake
from pipelines.tables import PACKED, PAIR_TOKENS

COLUMNS = ("n_tokens", "doc_lengths", "doc_offsets")

SQL: Mapping[str, str] = {
    "rows": "count(*)",
    "keys": "count(DISTINCT sequence_id)",
    "filled": "sum(n_tokens)",
    "pieces": "sum(aggregate(doc_lengths, 0L, (total, n) -> total + n))",
    "as_read": "count_if(get(doc_offsets, 0) = 0)",
    "reversed": "count_if(get(doc_offsets, 0) > 0)",
}
"""Name of a count -> what it is, in one pass over the table; `as_read` and `reversed` are rows of a direction."""


def counted(rows: pa.Table) -> dict[str, int]:
    """The counts of `SQL` that need no whole columns of ids, from `COLUMNS`."""
    as_read = pc.sum(pc.equal(pc.list_element(rows["doc_offsets"], 0), 0)).as_py() or 0
    return {
        "filled": pc.sum(rows["n_tokens"]).as_py() or 0,
        "pieces": pc.sum(pc.list_flatten(rows["doc_lengths"])).as_py() or 0,
        "as_read": as_read,
        "reversed": len(rows) - as_read,
    }


def over_length(lake: Lake, table: str) -> dict[str, int]:
    """Of a table for training translation: the encoded pairs, and those of them with a side that is too long for it.

    Empty for other tables, and for one that has not read the newest pairs.
    """
    is_one = table.startswith(PACKED) and objective_of(lake, table) == "translation"
    if not is_one or not lake.exists(PAIR_TOKENS.name) or behind(lake, table):
        return {}
    longest = int(lake.properties(table)["tokenlake.length"]) // 2 - 1
    tokens = lake.read_here(PAIR_TOKENS.name, ("n_source", "n_target"))
    is_long = (tokens["n_source"].to_numpy() > longest) | (tokens["n_target"].to_numpy() > longest)
    return {"pairs": len(tokens), "over_length": int(np.count_nonzero(is_long))}


def equal(table: str, counts: Mapping[str, int]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(name, a count, the counts whose sum it must be) of one table."""
    if "pairs" in counts:
        shown = [direction for direction in ("as_read", "reversed") if counts.get(direction)] or ["as_read"]
        for direction in shown:
            label = "rows" if len(shown) == 1 else f"rows {direction.replace('_', ' ')}"
            yield f"{table}: encoded pairs = {label} + over-length pairs", "pairs", (direction, "over_length")
