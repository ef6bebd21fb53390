"""The Spark edge of the texts: candidates for deduplication, clean documents, URL lists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.policies.policy import Policy
from pipelines.tables import CLEAN_DOCUMENTS
from pipelines.text.finalize import FinalizeConfig
from pipelines.urls.url_lists import UrlConfig, load
from pipelines.workers.edge import in_worker
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]


def candidates(measures: DataFrame, decisions: DataFrame, policy: Policy) -> DataFrame:
    """The documents to deduplicate -> `doc_id, source, language, url, text, c4_removed`.

    These are the documents that the rules kept. `text` is the one read, or what C4's line rules leave of it if the
    policy has them; `c4_removed` are the characters they removed, null where they left the text as it was.
    """
    text, removed = F.col("text"), F.lit(None)
    if "c4_lines" in policy.rewrite:
        text = F.coalesce("c4_text", "text")
        removed = F.when(F.col("c4_text").isNotNull(), F.col("size.characters") - F.col("c4_size.characters"))
    texts = measures.select(
        "doc_id", "source", "language", "url", text.alias("text"), removed.cast("long").alias("c4_removed")
    )
    return texts.join(decisions.where("kept"), on="doc_id", how="left_semi")


def clean_documents(
    candidates: DataFrame,
    duplicates: DataFrame,
    config: FinalizeConfig,
    run_id: str,
    spans: DataFrame | None = None,
) -> Mapped:
    """Table `clean_documents` of some `candidates`: one per duplicate cluster, with its text finalized.

    No text is shuffled while the other sides of the joins, of a few dozen bytes a row, are small enough to broadcast.

    Args:
        candidates: as the function `candidates` gives them.
        duplicates: table `duplicates`.
        config: the last passes.
        run_id: goes into every row.
        spans: `doc_id, spans` of documents that lose parts of their text, one row each; `spans` as
            `pipelines.text.spans.SPANS`, in code points of the candidate's text. They go before the last passes.
            Where they would leave nothing, only what is in benchmarks goes; whoever names spans of one kind that leave
            nothing drops the document before.
    """
    components = duplicates.where("kept").select("doc_id", "component_id")
    survivors = (
        candidates.join(duplicates.where("NOT kept"), on="doc_id", how="left_anti")
        .join(components, on="doc_id", how="left")
        .withColumn("split_group_id", F.coalesce("component_id", "doc_id"))
        .select("doc_id", "source", "language", "text", "c4_removed", "split_group_id")
    )
    if spans is not None:
        survivors = survivors.join(spans.select("doc_id", "spans"), on="doc_id", how="left")
    return Mapped(survivors, _finalizing(config, run_id), CLEAN_DOCUMENTS.schema)


def spans_together(several: Sequence[DataFrame]) -> DataFrame | None:
    """`doc_id, spans` of several such frames, with one row for each document; None of none."""
    if len(several) < 2:
        return several[0] if several else None
    each = [rows.select("doc_id", F.explode("spans").alias("span")) for rows in several]
    return reduce(DataFrame.unionByName, each).groupBy("doc_id").agg(F.collect_list("span").alias("spans"))


def with_url_lists(measures: DataFrame, config: UrlConfig) -> DataFrame:
    """`measures` with the boolean column `url_listed`, which rule `url.listed` reads.

    The driver reads the list files and sends them to the tasks. Only `doc_id` and `url` go through Python.
    """
    lists = load(config)

    def listed(batches: Batches) -> Batches:
        for batch in batches:
            hits = [lists.match(url) is not None for url in batch.column("url").to_pylist()]
            yield pa.RecordBatch.from_arrays([batch.column("doc_id"), pa.array(hits, pa.bool_())], _LISTED.names)

    addresses = measures.where("url IS NOT NULL").select("doc_id", "url")
    hits = addresses.mapInArrow(in_worker(listed), from_arrow_schema(_LISTED)).where("url_listed")
    return measures.join(hits, on="doc_id", how="left")


_LISTED = pa.schema([("doc_id", pa.string()), ("url_listed", pa.bool_())])


def _finalizing(config: FinalizeConfig, run_id: str) -> Callable[[Batches], Batches]:
    def finalizing(batches: Batches) -> Batches:
        from pipelines.text.finalize import finalize  # loaded in the worker only

        for batch in batches:
            texts, by_spans = _without_spans(batch)
            finalized = [finalize(text, config) for text in texts.to_pylist()]
            columns = {name: batch.column(name) for name in ("doc_id", "source", "language", "split_group_id")}
            columns["text"] = pa.array([each.text for each in finalized], pa.string())
            columns["characters"] = pa.array([len(each.text) for each in finalized], pa.int64())
            by_lines = [{} if n is None else {"c4_lines": n} for n in batch.column("c4_removed").to_pylist()]
            removed = [
                lines | spans | each.removed for lines, spans, each in zip(by_lines, by_spans, finalized, strict=True)
            ]
            columns["rewritten"] = pa.array(map(_entries, removed), _COUNTS)
            columns["pii"] = pa.array([_entries(each.pii) for each in finalized], _COUNTS)
            columns["run_id"] = pa.repeat(run_id, batch.num_rows)
            names = CLEAN_DOCUMENTS.schema.names
            yield pa.RecordBatch.from_arrays([columns[name] for name in names], schema=CLEAN_DOCUMENTS.schema)

    return finalizing


def _without_spans(batch: pa.RecordBatch) -> tuple[pa.Array, list[dict[str, int]]]:
    """The texts of a batch without their `spans`, and for each the characters that went, by kind."""
    texts = batch.column("text")
    if "spans" not in batch.schema.names:
        return texts, [{}] * batch.num_rows
    from pipelines.text.spans import SPANS, without_spans  # a kernel: loaded in the worker only

    spans = batch.column("spans").cast(SPANS)
    left = without_spans(texts, spans)
    blank = {row for row, text in enumerate(left.texts.to_pylist()) if spans[row].is_valid and not text.strip()}
    if blank:  # of several kinds, each of which leaves something
        spans = pa.array(
            [
                [span for span in listed or () if row not in blank or span["kind"] == "decontamination"]
                for row, listed in enumerate(spans.to_pylist())
            ],
            SPANS,
        )
        left = without_spans(texts, spans)
    removed = left.removed.items()
    counts: list[dict[str, int]] = [{kind: int(n[row]) for kind, n in removed if n[row]} for row in range(len(texts))]
    return left.texts, counts


_COUNTS = pa.map_(pa.string(), pa.int64())


def _entries(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return list(counts.items())
