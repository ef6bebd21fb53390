"""Current features of documents, from the lake's tables."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from features.catalogue.document import measure_columns


def document_measures(measures: DataFrame) -> DataFrame:
    """`measures` -> the features of view `document_measures`."""
    return measures.select("doc_id", *(_field(*place).alias(name) for name, place in measure_columns().items()))


def _field(struct: str, name: str) -> Column:
    """A field of a struct; null where the struct is, of which Sail would return whatever lies in the field."""
    return F.when(F.col(struct).isNotNull(), F.col(f"{struct}.{name}"))


def document_state(
    measures: DataFrame, decisions: DataFrame, duplicates: DataFrame, clean_documents: DataFrame, tokens: DataFrame
) -> DataFrame:
    """The lake's tables -> the features of view `document_state`, of documents that have a decision."""
    clusters = duplicates.where("cluster_size > 1").select(
        "doc_id",
        F.col("cluster_id").alias("duplicate_cluster"),
        F.col("cluster_size").alias("duplicate_cluster_size"),
    )
    clean = clean_documents.select("doc_id", F.lit(True).alias("is_clean"), "characters")
    return (
        decisions.select("doc_id", "policy", "kept", "reasons")
        .join(measures.select("doc_id", "source", "language", "language_score"), on="doc_id", how="inner")
        .join(clusters, on="doc_id", how="left")
        .join(clean, on="doc_id", how="left")
        .join(tokens.select("doc_id", F.col("n_tokens").alias("tokens")), on="doc_id", how="left")
        .select(
            "doc_id",
            "source",
            "language",
            "language_score",
            "policy",
            "kept",
            "reasons",
            "duplicate_cluster",
            "duplicate_cluster_size",
            F.coalesce("is_clean", F.lit(False)).alias("delivered"),
            "characters",
            "tokens",
        )
    )
