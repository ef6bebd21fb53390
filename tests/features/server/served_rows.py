"""The rows of the store that the tests of the server look up, and requests for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from features.catalogue.catalogue import CATALOGUE
from features.materialization.writer import writer_of
from features.plan import Plan
from features.store.address import parse_address
from features.store.plan_store import publish_plan
from features.tables import table_of

NOW = datetime.now(UTC).replace(microsecond=123_000)
OLD = NOW - timedelta(days=2)

ROWS: dict[str, list[dict[str, Any]]] = {
    "language_pair_statistics": [
        {
            "source_language": "de",
            "target_language": "en",
            "pairs": 10,
            "length_ratio_mean": 1.25,
            "length_ratio_deviation": 0.25,
            "target_characters_per_token": 4.0,
        }
    ],
    "client_profile": [{"client_id": "acme", "domain": "legal", "tier": "premium", "characters_per_day": 100_000}],
    "client_usage": [
        {"client_id": "acme", "requests_1h": 7, "mean_latency_ms": 0.5, "last_request": NOW},
        {"client_id": "gone", "requests_1h": 9, "event_timestamp": OLD, "created": OLD},
    ],
    "source_quality": [
        {"source": f"source-{number}", "documents": number, "kept_share": float("nan")} for number in range(20)
    ],
}

REQUEST: dict[str, Any] = {
    "feature_service": "translation_request",
    "entities": {
        "source_language": ["de", "xx"],
        "target_language": ["en", "en"],
        "client_id": ["acme", "gone"],
        "source_characters": [100, 200],
    },
}


def fill(url: str, plan: Plan | None = None) -> Plan:
    """Publishes a plan and writes the rows, as materialization does."""
    plan = plan or Plan.of(CATALOGUE)
    address = parse_address(url)
    publish_plan(address, plan)
    writer = writer_of(address, plan)
    for view, rows in ROWS.items():
        schema = table_of(CATALOGUE.view(view)).schema
        whole = [{"event_timestamp": NOW, "created": NOW, "run_id": "r", **row} for row in rows]
        writer.write(view, pa.Table.from_pylist(whole, schema=schema))
    writer.close()
    return plan
