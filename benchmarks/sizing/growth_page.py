"""The tables of docs/operations/sizing.md on what changes as corpora grow: the driver, duplicates, skew."""

from collections.abc import Mapping
from typing import Any

from benchmarks.sizing import figures, simulate
from benchmarks.sizing.driver import COLLECTIONS
from benchmarks.sizing.markdown import count, size, table
from benchmarks.sizing.model import GB, HOUR

DRIVERS = (4, 16, 64)  # GB
CORPORA = (10**6, 10**7, 10**8, 10**9, 10**10, 10**11)  # signed documents

_CHAINS = (10**2, 10**3, 10**4, 10**5)  # members


def driver(measured: Mapping[str, Any]) -> str:
    """What the driver's Python process holds, and how many rows fit."""
    rows = []
    for name, each in measured["driver"].items():
        about = COLLECTIONS[name]
        fits = [count(memory * GB / each["bytes"]) for memory in DRIVERS]
        bound = f"`{about.bounded_by}`" if about.bounded_by else "nothing"
        rows.append([name, about.where, about.row, f"{each['bytes']:,.0f}", *fits, bound])
    headings = [
        "what",
        "where",
        "a row is",
        "bytes a row",
        *(f"rows in {memory} GB" for memory in DRIVERS),
        "bounded by",
    ]
    return table(headings, rows)


def distributions(buckets: Mapping[str, Any]) -> str:
    """The four measured corpora, and what the largest says of the smaller ones."""
    largest = buckets[str(max(map(int, buckets)))]
    whole = _histogram(largest["buckets"])
    columns = [buckets[str(parts)] for parts in sorted(map(int, buckets))]
    expected = [simulate.thinned(whole, each["documents"] / largest["documents"]) for each in columns]
    found = [_histogram(each["buckets"]) for each in columns]
    rows = [
        ["documents", *(f"{each['documents']:,}" for each in columns)],
        ["equal to an earlier one", *(f"{each['followers']:,}" for each in columns)],
        ["members of buckets with several", *(f"{simulate.members(each):,.0f}" for each in found)],
        ["the same, from the largest corpus", *(f"{simulate.members(each):,.0f}" for each in expected)],
        ["largest bucket", *(f"{max(each):,}" for each in found)],
        ["candidate edges", *(f"{each['edges']:,}" for each in columns)],
        ["edges, if each were paired with each", *(f"{simulate.pairs(each):,.0f}" for each in found)],
        ["members of components", *(f"{each['members']:,}" for each in columns)],
        ["largest component", *(f"{max(map(int, each['components'])):,}" for each in columns)],
        ["most clusters in a component", *(f"{each['most_clusters']:,}" for each in columns)],
        ["rounds of distributed components", *(str(each["rounds"]) for each in columns)],
        [
            "verification, ms a member",
            *(f"{1000 * each['verification_seconds'] / each['members']:.2f}" for each in columns),
        ],
    ]
    return table(["", "1×", "2×", "4×", "8×"], rows)


def growth(measured: Mapping[str, Any]) -> str:
    """Near duplicates of corpora that cannot be run here, in both ways of growing."""
    buckets = measured["buckets"]
    base = buckets[str(max(map(int, buckets)))]
    seconds = base["verification_seconds"] / base["members"]
    per_row = figures.driver_rows(measured)
    share = base["most_clusters"] / max(map(int, base["components"]))
    rows = []
    for documents in CORPORA:
        factor = documents / base["documents"]
        bucket = simulate.largest(_histogram(base["buckets"]), factor)
        component = simulate.largest(_histogram(base["components"]), factor)
        held = per_row["representatives held"] * share
        rows.append(
            [
                count(documents),
                f"{count(bucket.new_sites)} – {count(bucket.same_sites)}",
                f"{count(component.new_sites)} – {count(component.same_sites)}",
                f"{_hours(component.new_sites * seconds)} – {_hours(component.same_sites * seconds)}",
                f"{size(component.new_sites * held)} – {size(component.same_sites * held)}",
                size(documents * per_row["documents grouped"]),
                size(documents * base["edges"] / base["documents"] * per_row["edges connected"]),
            ]
        )
    headings = [
        "signed documents",
        "largest bucket",
        "largest component",
        "its verification, one task",
        "memory of that task",
        "driver, had it grouped all documents",
        "driver, had it held all edges",
    ]
    chains = ", ".join(f"{length:,}: {simulate.rounds_of_chain(length)}" for length in _CHAINS)
    said = f"Rounds of distributed components for a chain of so many documents in random order: {chains}."
    return f"{table(headings, rows)}\n\n{said}"


def _histogram(found: Mapping[str, int]) -> dict[int, int]:
    return {int(each): number for each, number in found.items()}


def _hours(seconds: float) -> str:
    return (
        f"{seconds:.2g} s"
        if seconds < 60
        else f"{seconds / 60:.2g} min"
        if seconds < HOUR
        else f"{seconds / HOUR:,.2g} h"
    )
