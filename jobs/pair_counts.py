"""Counts of the tables of sentence pairs, and what must be equal among them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipelines.tables import BITEXT

if TYPE_CHECKING:  # counting needs no engine
    from jobs.stages.context import StageContext

_KEYED = {"rows": "count(*)", "keys": "count(DISTINCT pair_id)"}

COUNTS: Mapping[str, Mapping[str, str]] = {
    "pair_inputs": {"read": "sum(rows_read)", "pairs": "sum(pairs)", "rejects": "sum(rejects)", "rows": "count(*)"},
    "pairs": _KEYED,
    "pair_rejects": {"rows": "count(*)"},
    "pair_measures": _KEYED,
    "pair_decisions": {**_KEYED, "kept": "count_if(kept)", "dropped": "count_if(NOT kept)"},
    "pair_duplicates": {
        **_KEYED,
        "kept": "count_if(kept)",
        "dropped": "count_if(NOT kept)",
        "clusters": "count(DISTINCT cluster_id)",
    },
    "clean_pairs": _KEYED,
    "pair_tokens": _KEYED,
}
"""table -> counts taken in one pass over it, as SQL."""

Place = tuple[str, str]
"""(table, name of the count)."""

_EQUAL: tuple[tuple[str, Place, tuple[Place, ...]], ...] = (
    ("records read = pairs + rejects", ("pair_inputs", "read"), (("pairs", "rows"), ("pair_rejects", "rows"))),
    ("pairs counted by readers = pairs", ("pair_inputs", "pairs"), (("pairs", "rows"),)),
    ("pairs = measured", ("pairs", "rows"), (("pair_measures", "rows"),)),
    ("pairs = kept + dropped", ("pairs", "rows"), (("pair_decisions", "kept"), ("pair_decisions", "dropped"))),
    (
        "kept pairs = clean pairs + duplicates",
        ("pair_decisions", "kept"),
        (("clean_pairs", "rows"), ("pair_duplicates", "dropped")),
    ),
    ("one survivor per cluster of pairs", ("pair_duplicates", "clusters"), (("pair_duplicates", "kept"),)),
    ("clean pairs = encoded pairs", ("clean_pairs", "rows"), (("pair_tokens", "rows"),)),
)


def equal() -> Iterator[tuple[str, Place, tuple[Place, ...]]]:
    """(name, a count, the counts whose sum it must be)."""
    yield from _EQUAL
    for table, counted in COUNTS.items():
        if "keys" in counted:
            yield f"{table}: rows = distinct pair_id", (table, "rows"), ((table, "keys"),)


def require_identities(run: "StageContext") -> None:
    """Checks the identities of the stage pairs, and reports the counts.

    Raises:
        InvariantError: rows were lost, duplicated or invented.
    """
    from jobs.counts import counts
    from jobs.invariants import invariants, require

    counted = counts(run.lake, [table.name for table in BITEXT])
    run.reporter.event("pairs_counted", "\n".join(lines(counted)), **{name: dict(of) for name, of in counted.items()})
    require(run.lake.root, invariants(counted))


def lines(counted: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """A line for each loss on the way from records to clean pairs."""
    for label, table, key in (
        ("sentence pairs", "pairs", "rows"),
        ("  rejected", "pair_rejects", "rows"),
        ("  dropped by the rules", "pair_decisions", "dropped"),
        ("  duplicates", "pair_duplicates", "dropped"),
        ("clean pairs", "clean_pairs", "rows"),
    ):
        if key in counted.get(table, ()):
            yield f"  {label:<32}{counted[table][key]:>12,}"
