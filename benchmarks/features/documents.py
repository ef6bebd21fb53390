"""Documents for the benchmark of lookups: every feature of the service `curation`, with values as in real lakes."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from features.catalogue.catalogue import CATALOGUE
from features.definition.value_type import ValueType
from features.definition.view import Catalogue, Feature, View
from features.materialization.writer import writer_of
from features.plan import Plan
from features.store.address import Address
from features.store.plan_store import publish_plan
from features.tables import table_of

SERVICE = "curation"
DOCUMENTS = 5_000
REASONS = ("c4.too_few_sentences", "gopher.symbol_ratio", "fineweb.line_punctuation", "size.min", "gopher.stop_words")


def document(number: int) -> str:
    """The key of a document: 32 hex digits, as in a lake."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}"


def fill(address: Address, catalogue: Catalogue = CATALOGUE) -> None:
    """Writes the plan and all documents, in both layouts, a second apart in event time."""
    plan = Plan.of(catalogue)
    publish_plan(address, plan)
    writer = writer_of(address, plan)
    for selection in CATALOGUE.service(SERVICE).selections:
        writer.write(selection.view.name, _rows(selection.view, random.Random(7)))
    writer.close()


def _rows(view: View, generator: random.Random) -> pa.Table:
    begin = datetime.now(UTC) - timedelta(days=1)
    rows = []
    for number in range(DOCUMENTS):
        event = begin + timedelta(seconds=number)
        values = {each.name: _value(each, number, generator) for each in view.features}
        rows.append({"doc_id": document(number), **values, "event_timestamp": event, "created": event, "run_id": "r"})
    return pa.Table.from_pylist(rows, schema=table_of(view).schema)


def _value(feature: Feature, number: int, generator: random.Random) -> Any:
    if feature.name == "duplicate_cluster":
        return document(number // 2) if number % 8 == 0 else None
    if feature.value_type is ValueType.STRING:
        return {"source": "python-help", "language": "de", "policy": "technical@8d2f01c3"}[feature.name]
    if feature.value_type is ValueType.STRING_LIST:
        return generator.sample(REASONS, generator.choice((0, 0, 1, 2)))
    if feature.value_type is ValueType.BOOL:
        return generator.random() < 0.5
    return generator.randrange(100_000) if feature.value_type is ValueType.INT64 else generator.random()
