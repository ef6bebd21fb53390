"""Priorities of sources: as configured, or, for a source that this configuration does not name, as it was signed."""

import json
from collections.abc import Iterable, Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from lake.lake import Lake
from pipelines.readers.config import SourceConfig
from pipelines.tables import MEASURES, SIGNATURES

DETAIL = "priorities"
"""The key in the details of commits of `signatures`: source -> priority, as JSON."""


def in_force(lake: Lake, sources: Iterable[SourceConfig]) -> dict[str, int]:
    """source -> priority, for all sources that are configured, or have been when a commit was made."""
    return {**_recorded(lake), **{source.name: source.priority for source in sources}}


def changed(lake: Lake, priorities: Mapping[str, int]) -> str:
    """Which signatures have another priority now, as the end of a sentence; empty if none.

    The rows are searched only if a recorded priority differs.
    """
    recorded = _recorded(lake)
    other = sorted(name for name in recorded if priorities[name] != recorded[name])
    signed = sorted(_signed(lake, other)) if other else []
    told = [f"{name} from {recorded[name]} to {priorities[name]}" for name in signed]
    return f"the priority of a source has changed ({', '.join(told)})" if told else ""


def column(priorities: Mapping[str, int]) -> Column:
    """The priority of a row, from its column `source`."""
    chosen = F.lit(0)
    for name, priority in sorted(priorities.items()):
        chosen = F.when(F.col("source") == name, priority).otherwise(chosen)
    return chosen.cast("int")


def _recorded(lake: Lake) -> dict[str, int]:
    last = lake.last_own_commit(SIGNATURES.name)
    found: dict[str, int] = json.loads(last.metadata.detail.get(DETAIL, "{}")) if last and last.metadata else {}
    return found


def _signed(lake: Lake, sources: Iterable[str]) -> set[str]:
    """Those of some sources that have signed documents."""
    measured = lake.read(MEASURES.name).select("doc_id", "source").where(F.col("source").isin(list(sources)))
    signed = measured.join(lake.read(SIGNATURES.name).select("doc_id"), on="doc_id", how="left_semi")
    return {row.source for row in signed.select("source").distinct().collect()}
