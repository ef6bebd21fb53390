"""The Spark edge of the texts: candidates for deduplication, clean documents, URL lists."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.tables import CLEAN_DOCUMENTS
from pipelines.text.finalize import FinalizeConfig
from pipelines.urls.url_lists import UrlConfig, load
from pipelines.workers.edge import in_worker
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]


def candidates(measures: DataFrame, decisions: DataFrame) -> DataFrame:
    """The documents to deduplicate -> `doc_id, source, language, text`.

    These are the documents that the rules kept, with the text after C4's line rules.
    """
    texts = measures.select("doc_id", "source", "language", "text")
    return texts.join(decisions.where("kept"), on="doc_id", how="left_semi")


def clean_documents(candidates: DataFrame, duplicates: DataFrame, config: FinalizeConfig, run_id: str) -> Mapped:
    """Table `clean_documents`: of `candidates`, one per duplicate cluster, repaired, personal data replaced last.

    No text is shuffled while the other sides of the joins, of a few dozen bytes a row, are small enough to broadcast.
    """
    components = duplicates.where("kept").select("doc_id", "component_id")
    survivors = (
        candidates.join(duplicates.where("NOT kept"), on="doc_id", how="left_anti")
        .join(components, on="doc_id", how="left")
        .withColumn("split_group_id", F.coalesce("component_id", "doc_id"))
        .select("doc_id", "source", "language", "text", "split_group_id")
    )
    return Mapped(survivors, _finalizing(config, run_id), CLEAN_DOCUMENTS.schema)


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
            texts, counts = finalize(batch.column("text").to_pylist(), config)
            columns = {name: batch.column(name) for name in ("doc_id", "source", "language", "split_group_id")}
            columns["text"] = pa.array(texts, pa.string())
            columns["pii"] = pa.array(
                [list(count.items()) for count in counts], CLEAN_DOCUMENTS.schema.field("pii").type
            )
            columns["run_id"] = pa.array([run_id] * len(texts), pa.string())
            names = CLEAN_DOCUMENTS.schema.names
            yield pa.RecordBatch.from_arrays([columns[name] for name in names], schema=CLEAN_DOCUMENTS.schema)

    return finalizing
