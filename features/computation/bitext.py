"""Current features of language pairs and of source segments, from sentence pairs."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.catalogue.translation import LANGUAGE_PAIR_STATISTICS, SEGMENT_MEMORY
from features.definition.view import EVENT_TIMESTAMP
from features.segments import normalised, segment_id
from features.tables import columns_of
from pipelines.tables import TIMESTAMP
from pipelines.workers.mapped import Mapped

TokenCounts = Callable[[pa.StringArray], tuple[pa.Array, pa.Array]]
"""Texts (n,) -> tokens (n,) int64 of each, and how many of these are the unknown token. Pickled to the workers."""

PAIRS = pa.schema(
    [
        ("source_language", pa.string()),
        ("target_language", pa.string()),
        ("segment_id", pa.string()),
        ("target", pa.string()),
        ("source_characters", pa.int64()),
        ("target_characters", pa.int64()),
        ("source_tokens", pa.int64()),
        ("target_tokens", pa.int64()),
        ("unknown", pa.int64()),
        ("seen", TIMESTAMP),
    ]
)
"""A pair in one direction: its source as a key, its normalised target, and their lengths; tokens are null without a
tokenizer."""

TARGETS = 10
"""How many translations of a segment are kept."""

Side = tuple[str, Mapping[str, pa.Array]]
"""The name of a language's column, and the measured texts in this language."""

_KEYS = ("source_language", "target_language")


@dataclass(frozen=True)
class Measuring:
    """Batches of `LINES` -> batches of `PAIRS`."""

    count_tokens: TokenCounts | None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Measures every pair, and turns round those that go in both directions."""
        for batch in batches:
            source, target = (self._side(batch[name].to_pylist()) for name in ("source", "target"))
            there = _directed(batch, ("source_language", source), ("target_language", target))
            yield there
            back = _directed(batch, ("target_language", target), ("source_language", source))
            yield back.filter(batch["both_directions"])

    def _side(self, written: list[str]) -> dict[str, pa.Array]:
        texts = [normalised(text) for text in written]
        column = pa.array(texts, pa.string())
        tokens = unknown = pa.nulls(len(texts), pa.int64())
        if self.count_tokens is not None:
            tokens, unknown = self.count_tokens(column)
        return {
            "text": column,
            "id": pa.array([segment_id(text) for text in texts], pa.string()),
            "characters": pc.utf8_length(column).cast(pa.int64()),
            "tokens": tokens,
            "unknown": unknown,
        }


def _directed(batch: pa.RecordBatch, source: Side, target: Side) -> pa.RecordBatch:
    (from_language, of_source), (to_language, of_target) = source, target
    columns = [
        batch[from_language],
        batch[to_language],
        of_source["id"],
        of_target["text"],
        of_source["characters"],
        of_target["characters"],
        of_source["tokens"],
        of_target["tokens"],
        pc.add(of_source["unknown"], of_target["unknown"]),
        batch["seen"],
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PAIRS)


def pairs(lines: DataFrame, count_tokens: TokenCounts | None) -> DataFrame:
    """Rows of `LINES` -> rows of `PAIRS`, computed by the workers."""
    return Mapped(lines, Measuring(count_tokens), PAIRS).frame()


def segment_memory(pairs: DataFrame) -> DataFrame:
    """Rows of `PAIRS` -> the features of view `segment_memory`, with the time when a pair was last seen as event."""
    keys = ("segment_id", *_KEYS)
    translations = pairs.groupBy(*keys, "target").agg(F.count("*").alias("times"), F.max("seen").alias("seen"))
    by_rank = Window.partitionBy(*keys).orderBy(F.desc("times"), F.length("target"), "target")
    ranked = translations.withColumn("rank", F.row_number().over(by_rank))
    best, count = _ranked(1, "times"), F.sum("times")
    return (
        ranked.groupBy(*keys)
        .agg(
            _ranked(1, "target").alias("best_target"),
            (best / count).cast("float").alias("score"),
            count.cast("long").alias("count"),
            F.array_compact(F.array(*(_ranked(rank, "target") for rank in range(1, TARGETS + 1)))).alias("targets"),
            F.max("seen").alias("last_seen"),
        )
        .select(*columns_of(SEGMENT_MEMORY).names, F.col("last_seen").alias(EVENT_TIMESTAMP))
    )


def _ranked(rank: int, column: str) -> Column:
    """The value of the translation with this rank; null without one."""
    return F.max(F.when(F.col("rank") == rank, F.col(column)))


def length_counts(pairs: DataFrame) -> DataFrame:
    """Rows of `PAIRS` -> how many pairs have each two lengths: a few thousand rows, however many pairs there are.

    Returns:
        source_language, target_language, source_characters, target_characters, pairs, the sums of source_tokens,
        target_tokens and unknown, and seen, the newest time.
    """
    sums = (F.sum(name).cast("long").alias(name) for name in ("source_tokens", "target_tokens", "unknown"))
    return pairs.groupBy(*_KEYS, "source_characters", "target_characters").agg(
        F.count("*").alias("pairs"), *sums, F.max("seen").alias("seen")
    )


def language_pair_statistics(counts: pa.Table) -> pa.Table:
    """`length_counts` -> the features of view `language_pair_statistics`, and the newest time as event."""
    schema = columns_of(LANGUAGE_PAIR_STATISTICS).append(pa.field(EVENT_TIMESTAMP, TIMESTAMP))
    ordered = counts.sort_by([(name, "ascending") for name in (*_KEYS, "source_characters", "target_characters")])
    found = ordered.select(_KEYS).group_by(list(_KEYS)).aggregate([]).to_pylist()
    rows = []
    for languages in sorted(found, key=lambda each: tuple(each.values())):
        mask = pc.and_(*(pc.equal(ordered[name], language) for name, language in languages.items()))
        rows.append({**languages, **_statistics(ordered.filter(mask))})
    return pa.Table.from_pylist(rows, schema=schema)


def _statistics(counts: pa.Table) -> dict[str, Any]:
    times, sources, targets = (
        counts[name].to_pylist() for name in ("pairs", "source_characters", "target_characters")
    )
    ratios = [target / source for source, target in zip(sources, targets, strict=True)]
    number = sum(times)
    mean = _mean(ratios, times)
    deviation = math.sqrt(_mean([(ratio - mean) ** 2 for ratio in ratios], times))
    source_tokens, target_tokens, unknown = (
        pc.sum(counts[name]).as_py() for name in ("source_tokens", "target_tokens", "unknown")
    )
    return {
        "pairs": number,
        "length_ratio_mean": mean,
        "length_ratio_deviation": deviation,
        "source_characters_p50": percentile(sources, times, 50),
        "source_characters_p99": percentile(sources, times, 99),
        "target_characters_p50": percentile(targets, times, 50),
        "target_characters_p99": percentile(targets, times, 99),
        "source_characters_per_token": _per(_total(sources, times), source_tokens),
        "target_characters_per_token": _per(_total(targets, times), target_tokens),
        "unknown_share": None if unknown is None else _per(unknown, source_tokens + target_tokens),
        EVENT_TIMESTAMP: pc.max(counts["seen"]).as_py(),
    }


def _mean(values: Sequence[float], times: Sequence[int]) -> float:
    """The mean of values that occur so many times; summed without loss, so no order changes its last digit."""
    return math.fsum(value * count for value, count in zip(values, times, strict=True)) / sum(times)


def _total(values: Sequence[int], times: Sequence[int]) -> int:
    return sum(value * count for value, count in zip(values, times, strict=True))


def _per(amount: int, whole: int | None) -> float | None:
    return amount / whole if whole else None


def percentile(values: Sequence[int], times: Sequence[int], percent: int) -> int:
    """The smallest value that `percent` of all values or more do not exceed (nearest rank): always one that occurs."""
    rank = (percent * sum(times) + 99) // 100
    below = 0
    for value, count in sorted(zip(values, times, strict=True)):
        below += count
        if below >= rank:
            return value
    raise ValueError("a percentile of nothing")
