"""Rows of table `passages`, from what each document holds and what the engine found to repeat."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines.passages.config import PassagesConfig
from pipelines.passages.finding import KINDS, find
from pipelines.passages.site import site
from pipelines.tables import PASSAGES

Batches = Iterator[pa.RecordBatch]

_FOUND = pa.schema([PASSAGES.schema.field(name) for name in ("doc_id", "site", "sentences", "held")])
_ORDER = {kind: number for number, kind in enumerate(KINDS)}


def found(candidates: pa.RecordBatch, config: PassagesConfig) -> pa.RecordBatch:
    """Candidates (doc_id, source, language, url, text) -> what each holds, row by row."""
    addresses, sources = candidates.column("url").to_pylist(), candidates.column("source").to_pylist()
    sites = [site(url, source) for url, source in zip(addresses, sources, strict=True)]
    held = find(candidates.column("text"), candidates.column("language"), sites, config)
    columns = [candidates.column("doc_id"), pa.array(sites, pa.string()), *held.columns]
    return pa.RecordBatch.from_arrays(columns, schema=_FOUND)


def completed(batches: Batches, run_id: str) -> Batches:
    """Rows with `repeats` in any order -> table `passages`, without rows that are as their `before` says."""
    schema = PASSAGES.schema
    for batch in batches:
        lists = [sorted(each or (), key=_place) for each in batch.column("repeats").to_pylist()]
        pages, before = batch.column("site_pages").to_pylist(), batch.column("before").to_pylist()
        changed = [
            row
            for row, was in enumerate(before)
            if was is None or was["site_pages"] != pages[row] or was["repeats"] != lists[row]
        ]
        part = batch.take(pa.array(changed, pa.int64()))
        columns = {name: part.column(name) for name in ("doc_id", "site", "site_pages", "sentences", "held")}
        columns["repeats"] = pa.array([lists[row] for row in changed], schema.field("repeats").type)
        columns["covered"] = pa.array([covered(lists[row]) for row in changed], schema.field("covered").type)
        columns["run_id"] = pa.repeat(run_id, len(changed))
        yield pa.RecordBatch.from_arrays([columns[field.name].cast(field.type) for field in schema], schema=schema)


def covered(repeats: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(kind, code points in its passages, each counted once) of the kinds that there are; in the order `_place`."""
    counts: dict[str, int] = {}
    reached: dict[str, int] = {}
    for each in repeats:
        kind, end = each["kind"], each["end"]
        begin = max(each["start"], reached.get(kind, 0))
        counts[kind] = counts.get(kind, 0) + max(end - begin, 0)
        reached[kind] = max(end, reached.get(kind, 0))
    return list(counts.items())


def _place(repeat: Mapping[str, Any]) -> tuple[int, int, int]:
    return _ORDER[repeat["kind"]], repeat["start"], repeat["end"]
