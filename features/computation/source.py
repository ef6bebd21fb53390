"""Current features of sources: the engine counts, what is counted makes the shares.

Counts are whole numbers, so every engine gets the same; shares and drift are computed from a few rows a source, in one
order, so their last digits are the same too.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from features.catalogue.source import SOURCE_QUALITY
from features.tables import columns_of

_RECENT = "INTERVAL 30 DAYS"  # before a source's newest document

_COUNTED = ("documents", "decided", "kept", "duplicates", "delivered", "tokenized", "tokens")


def source_counts(
    documents: DataFrame,
    measures: DataFrame,
    decisions: DataFrame,
    duplicates: DataFrame,
    clean_documents: DataFrame,
    tokens: DataFrame,
) -> DataFrame:
    """The lake's tables -> counts of each source's documents by recency and by size.

    Returns:
        source, recent, digits (binary digits of the number of characters, null if not measured), newest (time of
        ingestion), then how many of these documents there are, are decided, kept, dropped as duplicates, delivered and
        tokenized, and their tokens.
    """
    yes = F.lit(1)
    each = (
        documents.select("doc_id", "source", "ingested_at")
        .join(measures.select("doc_id", F.length(F.bin("size.characters")).alias("digits")), on="doc_id", how="left")
        .join(decisions.select("doc_id", F.col("kept").cast("int").alias("is_kept")), on="doc_id", how="left")
        .join(duplicates.where("NOT kept").select("doc_id", yes.alias("is_duplicate")), on="doc_id", how="left")
        .join(clean_documents.select("doc_id", yes.alias("is_clean")), on="doc_id", how="left")
        .join(tokens.select("doc_id", "n_tokens"), on="doc_id", how="left")
        .withColumn("newest", F.max("ingested_at").over(Window.partitionBy("source")))
        .withColumn("recent", F.expr(f"ingested_at >= newest - {_RECENT}"))
    )
    return each.groupBy("source", "recent", "digits", "newest").agg(
        F.count("doc_id").alias("documents"),
        F.count("is_kept").alias("decided"),
        F.coalesce(F.sum("is_kept"), F.lit(0)).cast("long").alias("kept"),
        F.count("is_duplicate").alias("duplicates"),
        F.count("is_clean").alias("delivered"),
        F.count("n_tokens").alias("tokenized"),
        F.coalesce(F.sum("n_tokens"), F.lit(0)).cast("long").alias("tokens"),
    )


def source_quality(counts: pa.Table, rejects: pa.Table) -> pa.Table:
    """`source_counts` and (source, rejects) -> the features of view `source_quality`."""
    rejected = dict(zip(rejects["source"].to_pylist(), rejects["rejects"].to_pylist(), strict=True))
    sources = sorted({*counts["source"].to_pylist(), *rejected})
    rows = [
        _quality(source, counts.filter(pc.equal(counts["source"], source)).to_pylist(), rejected.get(source, 0))
        for source in sources
    ]
    return pa.Table.from_pylist(rows, schema=columns_of(SOURCE_QUALITY))


def _quality(source: str, counts: Sequence[dict[str, Any]], rejects: int) -> dict[str, Any]:
    recent = [row for row in counts if row["recent"]]
    earlier = [row for row in counts if not row["recent"]]
    total, last, past = _total(counts), _total(recent), _total(earlier)
    newest: datetime | None = counts[0]["newest"] if counts else None
    now, then = _share(last["kept"], last["decided"]), _share(past["kept"], past["decided"])
    return {
        "source": source,
        "documents": total["documents"],
        "rejects": rejects,
        "kept_share": _share(total["kept"], total["decided"]),
        "duplicate_share": _share(total["duplicates"], total["kept"]),
        "delivered_documents": total["delivered"],
        "tokens": total["tokens"],
        "tokens_per_document": _share(total["tokens"], total["tokenized"]),
        "newest_document": newest,
        "recent_documents": last["documents"],
        "recent_kept_share": now,
        "kept_share_change": None if now is None or then is None else now - then,
        "length_drift": stability_index(_by_digits(recent), _by_digits(earlier)),
    }


def _total(counts: Iterable[dict[str, Any]]) -> dict[str, int]:
    rows = list(counts)
    return {name: sum(row[name] for row in rows) for name in _COUNTED}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _by_digits(counts: Iterable[dict[str, Any]]) -> dict[int, int]:
    return {row["digits"]: row["documents"] for row in counts if row["digits"] is not None}


def stability_index(now: dict[int, int], before: dict[int, int]) -> float | None:
    """The population stability index of two histograms (bin -> count); None where one is empty.

    It is the sum over bins of (p - q) ln(p / q), p and q being a bin's shares. Half an observation is added to each
    bin of both, so that a bin which is empty on one side counts, and not without end.
    Source: Yurdakul 2018, "Statistical Properties of Population Stability Index".
    """
    bins = sorted({*now, *before})
    if not sum(now.values()) or not sum(before.values()):
        return None

    def shares(counts: dict[int, int]) -> list[float]:
        whole = sum(counts.values()) + len(bins) / 2
        return [(counts.get(each, 0) + 0.5) / whole for each in bins]

    return math.fsum((p - q) * math.log(p / q) for p, q in zip(shares(now), shares(before), strict=True))
