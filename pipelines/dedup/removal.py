"""What becomes of clusters when documents leave the lake, or come back with another text.

Survivors that are still there stay survivors, because their text may have been delivered. Where the survivor has gone,
the other members of its cluster are clustered again, as if they had just arrived.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Remaining:
    """Table `duplicates` without some documents."""

    rows: DataFrame  # of clusters whose survivor is there, with their new sizes
    resized: DataFrame  # those of `rows` that differ from before
    again: DataFrame  # doc_id of documents that lost their survivor


def remaining(known: DataFrame, gone: DataFrame, run_id: str) -> Remaining:
    """`known`, rows of table `duplicates` without the column `reference`, less the documents `gone` (doc_id)."""
    left = known.join(gone, on="doc_id", how="left_anti")
    survivors = left.where("kept").select("cluster_id")
    again = left.join(survivors, on="cluster_id", how="left_anti").select("doc_id")
    stay = left.join(survivors, on="cluster_id", how="left_semi")
    touched = known.join(gone, on="doc_id", how="left_semi").select("cluster_id").distinct()
    smaller = stay.join(touched, on="cluster_id", how="left_semi")
    counted = smaller.groupBy("cluster_id").agg(
        F.count("*").alias("size"), F.min(F.expr("kept OR method = 'exact'")).alias("all_exact")
    )
    resized = smaller.join(counted, on="cluster_id", how="inner").withColumns(
        {
            "cluster_size": F.col("size"),
            "method": F.expr("if(kept, if(all_exact AND size > 1, 'exact', 'minhash'), method)"),
            "run_id": F.lit(run_id),
        }
    )
    resized = resized.select(*known.columns)
    unchanged = stay.join(touched, on="cluster_id", how="left_anti").select(*known.columns)
    return Remaining(unchanged.unionByName(resized), resized, again)
