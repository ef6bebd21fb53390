"""Invariants over the row counts of a lake's tables, checked by every `tokenlake run`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import functions as F

from jobs import pair_counts, translation_counts
from jobs.counts import sentence_tokens
from lake.contract import objective_of
from lake.lake import Lake
from pipelines.errors import TokenlakeError
from pipelines.sequences.masked.spark import OWN_TOKENS
from pipelines.tables import PACKED


class InvariantError(TokenlakeError, RuntimeError):
    """An invariant does not hold: rows were lost, duplicated or invented."""


@dataclass(frozen=True)
class Invariant:
    """Two counts that must be equal."""

    name: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.left == self.right

    def __str__(self) -> str:
        return f"{self.name}: {self.left:,} {'=' if self.holds else '≠'} {self.right:,}"


# table -> counts taken in one pass over it, as SQL
_COUNTS = {
    "inputs": {
        "read": "sum(rows_read)",
        "kept": "sum(kept)",
        "documents": "sum(documents)",
        "rejects": "sum(rejects)",
        "rows": "count(*)",
    },
    "documents": {"rows": "count(*)", "keys": "count(DISTINCT doc_id)"},
    "rejects": {"rows": "count(*)"},
    "measures": {"rows": "count(*)", "keys": "count(DISTINCT doc_id)"},
    "contamination": {"rows": "count(*)", "keys": "count(DISTINCT doc_id)"},
    "decisions": {"rows": "count(*)", "kept": "count_if(kept)", "dropped": "count_if(NOT kept)"},
    "signatures": {"rows": "count(*)", "keys": "count(DISTINCT doc_id)"},
    "duplicates": {
        "keys": "count(DISTINCT doc_id)",
        "rows": "count(*)",
        "dropped": "count_if(NOT kept)",
        "kept": "count_if(kept)",
        "clusters": "count(DISTINCT if(reference IS NULL, cluster_id, NULL))",
        "held": "count_if(reference IS NOT NULL)",
    },
    "passages": {"rows": "count(*)", "keys": "count(DISTINCT doc_id)"},
    "passage_decisions": {"rows": "count(*)", "kept": "count_if(kept)", "dropped": "count_if(NOT kept)"},
    "clean_documents": {
        "rows": "count(*)",
        "keys": "count(DISTINCT doc_id)",
        "with_text": "count(*) - count_if(characters = 0)",
    },
    "tokens": {"rows": "count(*)", "tokens": "sum(n_tokens)", "keys": "count(DISTINCT doc_id)"},
    **pair_counts.COUNTS,
}
_PIECES = "sum(aggregate(doc_lengths, 0L, (total, n) -> total + n))"
_SEQUENCE_COUNTS = {
    "causal": {
        "rows": "count(*)",
        "keys": "count(DISTINCT sequence_id)",
        "tokens": "sum(n_tokens)",
        "pieces": _PIECES,
    },
    "masked": {
        "rows": "count(*)",
        "keys": "count(DISTINCT sequence_id)",
        "filled": "sum(n_tokens)",
        "pieces": _PIECES,
        "own_tokens": f"sum({OWN_TOKENS})",
    },
    "translation": translation_counts.SQL,
}


def check(lake: Lake) -> Sequence[Invariant]:
    """Counts the rows of every table in one query, and compares the counts.

    Raises:
        InvariantError: at least one does not hold; the message lists all of these.
    """
    found = invariants(count(lake))
    require(lake.root, found)
    return found


def require(lake: str, found: Sequence[Invariant]) -> None:
    """Requires that every invariant holds.

    Raises:
        InvariantError: at least one does not hold; the message lists all of these.
    """
    broken = [str(invariant) for invariant in found if not invariant.holds]
    if broken:
        raise InvariantError(f"invariants of {lake} that do not hold:\n  " + "\n  ".join(broken))


def count(lake: Lake) -> Mapping[str, Mapping[str, int]]:
    """The counts of every table, in one query: table -> name of the count -> number."""
    tables = lake.tables()
    wanted = {name: counts for name, counts in _COUNTS.items() if name in tables}
    for name in tables:
        if name.startswith(PACKED):
            wanted[name] = _SEQUENCE_COUNTS.get(objective_of(lake, name), {"rows": "count(*)"})
    rows = None
    for name, counts in wanted.items():
        entries = [
            entry for key, sql in counts.items() for entry in (F.lit(key), F.expr(f"coalesce({sql}, 0)").cast("long"))
        ]
        one = lake.read(name).agg(F.create_map(*entries).alias("counts")).select(F.lit(name).alias("table"), "counts")
        rows = one if rows is None else rows.unionByName(one)
    if rows is None:
        return {}
    return {
        row.table: {
            **row.counts,
            **sentence_tokens(lake, row.table),
            **translation_counts.over_length(lake, row.table),
        }
        for row in rows.collect()
    }


def invariants(counts: Mapping[str, Mapping[str, int]]) -> list[Invariant]:
    """The invariants between counts that are there."""
    found = []

    def same(name: str, left: tuple[str, str], *right: tuple[str, str]) -> None:
        if all(key in counts.get(table, ()) for table, key in (left, *right)):
            found.append(Invariant(name, counts[left[0]][left[1]], sum(counts[table][key] for table, key in right)))

    if {"inputs", "documents", "rejects"} <= counts.keys():
        read, kept = counts["inputs"]["read"], counts["inputs"]["kept"]
        held = counts["documents"]["rows"] + counts["rejects"]["rows"]
        name = "rows read + kept of earlier readings" if kept else "rows read"
        found.append(Invariant(f"{name} = documents + rejects", read + kept, held))
    same("documents counted by readers = documents", ("inputs", "documents"), ("documents", "rows"))
    same("rejects counted by readers = rejects", ("inputs", "rejects"), ("rejects", "rows"))
    same("documents = kept + dropped", ("documents", "rows"), ("decisions", "kept"), ("decisions", "dropped"))
    same("documents = measured", ("documents", "rows"), ("measures", "rows"))
    repeating = [("passage_decisions", "dropped")] if counts.get("passage_decisions", {}).get("dropped") else []
    same(
        "kept = clean documents + duplicates" + (" + dropped for their passages" if repeating else ""),
        ("decisions", "kept"),
        ("clean_documents", "rows"),
        ("duplicates", "dropped"),
        *repeating,
    )
    same("documents with passages = decided", ("passages", "rows"), ("passage_decisions", "rows"))
    same("no clean document is empty", ("clean_documents", "rows"), ("clean_documents", "with_text"))
    same("kept = signed", ("decisions", "kept"), ("signatures", "rows"))
    same("one survivor per cluster", ("duplicates", "clusters"), ("duplicates", "kept"))
    same("clean documents = tokenized documents", ("clean_documents", "rows"), ("tokens", "rows"))
    once = (
        "documents",
        "measures",
        "contamination",
        "signatures",
        "duplicates",
        "passages",
        "clean_documents",
        "tokens",
    )
    for table in once:
        same(f"{table}: rows = distinct doc_id", (table, "rows"), (table, "keys"))
    for name, count_of_all, parts in pair_counts.equal():
        same(name, count_of_all, *parts)
    for table in sorted(name for name in counts if name.startswith("sequences_")):
        same(
            f"{table}: tokens + one separator each = packed tokens",
            (table, "tokens"),
            ("tokens", "tokens"),
            ("tokens", "rows"),
        )
        same(f"{table}: packed tokens = sum of piece lengths", (table, "tokens"), (table, "pieces"))
        same(
            f"{table}: tokens of sentences = tokens of A and true B", (table, "sentence_tokens"), (table, "own_tokens")
        )
        same(f"{table}: tokens of rows = sum of piece lengths", (table, "filled"), (table, "pieces"))
        same(f"{table}: rows = distinct sequence_id", (table, "rows"), (table, "keys"))
        for name, pairs, counted in translation_counts.equal(table, counts[table]):
            same(name, (table, pairs), *((table, part) for part in counted))
    return found
