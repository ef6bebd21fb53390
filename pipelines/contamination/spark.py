"""The Spark edge of decontamination: measures -> contamination, and what of it decides and is removed."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.contamination.config import DecontaminateConfig
from pipelines.kernels.slicing import SLICE_BYTES, slices
from pipelines.policies.policy import DECONTAMINATION, Policy
from pipelines.tables import CONTAMINATION
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]


def contaminated(measures: DataFrame, index: str, config: DecontaminateConfig, run_id: str) -> Mapped:
    """Table `contamination` of some rows of `measures`.

    Args:
        measures: rows of table `measures`.
        index: where the bytes of an `Index` lie, named by their content; each process reads them once.
        config: margin, and the shortest piece that stays.
        run_id: goes into every row.
    """
    return Mapped(
        measures.select("doc_id", "text", "c4_text"), _searching(index, config, run_id), CONTAMINATION.schema
    )


def _searching(index: str, config: DecontaminateConfig, run_id: str) -> Callable[[Batches], Batches]:
    def searching(batches: Batches) -> Batches:
        from pipelines.contamination.contamination import contamination  # kernels: loaded in the worker only
        from pipelines.contamination.stored import stored_lookup

        lookup, names = stored_lookup(index)
        for batch in batches:
            for piece in slices(batch, SLICE_BYTES):
                found = contamination(piece, lookup, names, config, run_id)
                if found.num_rows:
                    yield found

    return searching


def with_contamination(measures: DataFrame, contamination: DataFrame) -> DataFrame:
    """`measures` with the columns that the rules on contamination read; null where a text has no overlap."""
    columns = contamination.select("doc_id", "contamination", "c4_contamination")
    return measures.join(columns, on="doc_id", how="left")


def overlapping_spans(contamination: DataFrame, policy: Policy) -> DataFrame:
    """The spans to remove from candidates, for `pipelines.text.spark.clean_documents` -> `doc_id, spans`."""
    # In a step of its own: Sail finds no column of a `coalesce` inside `transform`.
    chosen = contamination.select("doc_id", _of_candidate("spans", policy).alias("spans"))

    def of_kind(span: Column) -> Column:
        return F.struct(F.lit(DECONTAMINATION).alias("kind"), span["start"].alias("start"), span["end"].alias("end"))

    return chosen.where(F.size("spans") > 0).select("doc_id", F.transform("spans", of_kind).alias("spans"))


def overlaps_of_candidates(contamination: DataFrame, policy: Policy) -> DataFrame:
    """A row for each overlap of the text that a policy chooses -> `doc_id, benchmark, item, start, end`."""
    chosen = contamination.select("doc_id", _of_candidate("overlaps", policy).alias("overlaps"))
    each = chosen.select("doc_id", F.explode("overlaps").alias("overlap"))
    return each.select(
        "doc_id", *(F.col("overlap")[name].alias(name) for name in ("benchmark", "item", "start", "end"))
    )


def _of_candidate(column: str, policy: Policy) -> Column:
    """A column of the text that a policy chooses, as `pipelines.text.spark.candidates`."""
    return F.coalesce(f"c4_{column}", column) if "c4_lines" in policy.rewrite else F.col(column)
