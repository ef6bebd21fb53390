"""A lake with short, hand-made histories of every view, written without an engine.

Two or three entities a view, with a story each: a value that changes, a row that came late (an event before one that
was known already), two rows of one event time (the last created holds), nulls, and an entity that is gone.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import CREATED, EVENT_TIMESTAMP, View
from features.segments import segment_id, term_key
from features.tables import table_of
from lake.commits import CommitMetadata
from lake.lake import Lake

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""The event time of the first rows. All others are whole hours or days later."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

HALLO, TSCHUESS = segment_id("Hallo Welt!"), segment_id("Tschüss")
DRINGLICH, WELT = term_key("Dringlichkeit"), term_key("Welt")


def write(root: Path | str, views: Collection[str] | None = None) -> Lake:
    """A lake with the histories of all views, or of some; one commit a view."""
    lake = Lake(str(root))
    for view in CATALOGUE.views:
        if views is None or view.name in views:
            append(lake, view, HISTORIES[view.name])
    return lake


def append(lake: Lake, view: View | str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Adds rows to a view's history, in one commit. Columns left out are null; `created` is by default the event."""
    view = CATALOGUE.view(view) if isinstance(view, str) else view
    table = table_of(view)
    version = lake.version(table.name)
    run_id = f"features-{version + 1:016x}"
    whole = [{"run_id": run_id, CREATED: row[EVENT_TIMESTAMP], **row} for row in rows]
    metadata = CommitMetadata(run_id, "features", "append", "c1", "0.1.0", {}, time.time(), len(whole))
    lake.append(pa.Table.from_pylist(whole, schema=table.schema), table, metadata, version)


def _at(time: timedelta, *created: timedelta) -> dict[str, datetime]:
    """Event time and, if given, time of creation, after START."""
    return {EVENT_TIMESTAMP: START + time, CREATED: START + (created[0] if created else time)}


_NOW = timedelta()
_PAIR = {"source_language": "de", "target_language": "en"}
_BACK = {"source_language": "en", "target_language": "de"}
_STATE = {"source": "web", "language": "de", "language_score": 0.98, "policy": "technical@1"}
_KEPT = {**_STATE, "kept": True, "reasons": [], "delivered": True, "characters": 1200, "tokens": 310}
_QUALITY = {
    "documents": 100, "rejects": 2, "kept_share": 0.9, "duplicate_share": 0.1, "delivered_documents": 81,
    "tokens": 25_110, "tokens_per_document": 310.0, "newest_document": START, "recent_documents": 100,
    "recent_kept_share": 0.9,
}  # fmt: skip
_STATISTICS = {
    "pairs": 1000, "length_ratio_mean": 0.93, "length_ratio_deviation": 0.2, "source_characters_p50": 34,
    "source_characters_p99": 120, "target_characters_p50": 31, "target_characters_p99": 110,
}  # fmt: skip

HISTORIES: Mapping[str, list[dict[str, Any]]] = {
    "document_measures": [
        {"doc_id": "d1", **_at(_NOW), "size_characters": 1200, "size_words": 200, "c4_lorem_ipsum": False},
        {"doc_id": "d2", **_at(_NOW), "size_characters": 80, "size_words": 12, "c4_lorem_ipsum": True},
        {"doc_id": "d2", **_at(2 * DAY)},  # gone
    ],
    "document_state": [
        {"doc_id": "d1", **_at(_NOW), **_KEPT},
        {"doc_id": "d1", **_at(DAY), **_KEPT, "duplicate_cluster": "d1", "duplicate_cluster_size": 2},
        {"doc_id": "d2", **_at(_NOW), **_STATE, "kept": False, "reasons": ["size.min", "c4.lorem_ipsum"],
         "delivered": False},
        {"doc_id": "d2", **_at(2 * DAY)},  # gone
    ],
    "source_quality": [
        {"source": "web", **_at(_NOW), **_QUALITY},
        {"source": "web", **_at(2 * DAY), **_QUALITY, "documents": 140, "recent_kept_share": 0.7,
         "kept_share_change": -0.2, "length_drift": 0.31},
        # Late: known on the third day, true since the first.
        {"source": "web", **_at(DAY, 3 * DAY), **_QUALITY, "documents": 120},
        {"source": "books", **_at(-100 * DAY), **_QUALITY, "documents": 7},  # outside the view's max age
    ],
    "language_pair_statistics": [
        {**_PAIR, **_at(_NOW), **_STATISTICS},
        {**_PAIR, **_at(DAY), **_STATISTICS, "pairs": 1500, "source_characters_per_token": 4.1,
         "target_characters_per_token": 4.5, "unknown_share": 0.0},
        {**_BACK, **_at(_NOW), **_STATISTICS, "length_ratio_mean": 1.12},
    ],
    "segment_memory": [
        {"segment_id": HALLO, **_PAIR, **_at(_NOW), "best_target": "Hello world!", "score": 1.0, "count": 1,
         "targets": ["Hello world!"], "last_seen": START},
        {"segment_id": HALLO, **_PAIR, **_at(DAY), "best_target": "Hello world!", "score": 0.75, "count": 4,
         "targets": ["Hello world!", "Hi world!"], "last_seen": START + DAY},
        {"segment_id": TSCHUESS, **_PAIR, **_at(_NOW), "best_target": "Bye", "score": 1.0, "count": 2,
         "targets": ["Bye"], "last_seen": START},
    ],
    "term_glossary": [
        {"domain": "acme", "term": DRINGLICH, **_PAIR, **_at(_NOW), "target": "urgency", "forbidden": ["haste"],
         "case_sensitive": False},
        # The same event time twice: the last created holds.
        {"domain": "acme", "term": DRINGLICH, **_PAIR, **_at(_NOW, HOUR), "target": "urgency",
         "forbidden": ["haste", "hurry"], "case_sensitive": False, "note": "in medicine"},
        {"domain": "legal", "term": WELT, **_PAIR, **_at(_NOW), "target": "world", "forbidden": [],
         "case_sensitive": True},
        {"domain": "legal", "term": WELT, **_PAIR, **_at(DAY)},  # gone
    ],
    "client_profile": [
        {"client_id": "acme", **_at(_NOW), "domain": "acme", "tier": "premium", "requests_per_minute": 600,
         "characters_per_day": 5_000_000},
        {"client_id": "globex", **_at(_NOW), "domain": "legal", "tier": "free", "requests_per_minute": 10},
    ],
    "client_usage": [
        {"client_id": "acme", **_at(_NOW), "requests_1h": 12, "characters_24h": 48_000, "mean_latency_ms": 81.5,
         "last_request": START},
        {"client_id": "acme", **_at(HOUR), "requests_1h": 20, "characters_24h": 90_000, "mean_latency_ms": 79.25,
         "last_request": START + HOUR},
    ],
}  # fmt: skip
"""View -> rows, in the order in which they became known."""
