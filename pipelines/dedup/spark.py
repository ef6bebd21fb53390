"""The Spark edge of deduplication: signatures of candidates, clusters of signatures.

Two kinds of document represent others: the survivor of an earlier cluster represents its members, and the first
document with a text represents those with the same text (the *followers*). A document that represents itself is a
vertex; two vertices with an equal MinHash band have an edge.

Modules with kernels are imported where they are used: a command that finds nothing to do loads none.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.dedup.config import DedupConfig, MinHashConfig
from pipelines.tables import SIGNATURES
from pipelines.workers.edge import in_worker
from pipelines.workers.mapped import Mapped

Batches = Iterator[pa.RecordBatch]
Texts = Callable[[DataFrame], DataFrame]
"""From `doc_id` to `doc_id, text` of at least these documents."""


class Scratch(Protocol):
    """Storage of intermediate rows, so that later queries do not compute them again."""

    def keep(self, rows: DataFrame) -> DataFrame:
        """Computes rows once, and returns a DataFrame that reads the stored result."""

    def frame(self, rows: pa.Table) -> DataFrame:
        """An Arrow table of this process as a DataFrame."""


def signatures(candidates: DataFrame, config: DedupConfig, batch: int, run_id: str) -> Mapped:
    """Table `signatures` of `candidates` (doc_id, text, priority, ...), in batch number `batch`."""

    def sign(batches: Batches) -> Batches:
        from pipelines.dedup.signing import Signing

        return map(Signing(config, batch, run_id), batches)

    columns = candidates.select("doc_id", "text", F.col("priority").cast("int"))
    return Mapped(columns, sign, SIGNATURES.schema)


def clusters(
    signatures: DataFrame,
    known: DataFrame | None,
    texts: Texts,
    config: DedupConfig,
    batch: int,
    run_id: str,
    scratch: Scratch,
) -> DataFrame:
    """Rows of table `duplicates`, without the column `reference`, to add or to put in the place of earlier ones.

    New documents are compared with each other and with earlier survivors, which stay survivors and never merge.
    The result repeats an earlier row when its cluster grew. A new document that shares a component with others but is
    not similar enough to any also gets a row, as a cluster of one, since the held-out split is made by `component_id`.

    Queries run during this call, not only when the result is computed: the number of documents decides the algorithm.

    Args:
        signatures: the whole table. Documents of a batch >= `batch` are new, the others have been clustered.
        known: the current rows of the clusters of this lake, None when there are none.
        texts: doc_id, text of documents; called with the members of components.
        config: what makes a duplicate.
        batch: the first batch that is new.
        run_id: goes into every row.
        scratch: for intermediate rows; needed until the result has been computed.

    Raises:
        LookupError: a signature has no text, or an earlier survivor no signature.
    """
    documents = _documents(signatures, known, batch)
    if signatures.count() <= config.driver_documents:
        followers, members = _grouped(documents, config, scratch)
    else:
        followers, members = _grouped_apart(documents, config, batch == 0, scratch)
    linked = scratch.keep(_linked(members, texts, config.minhash, scratch))
    _require_texts(members, linked)
    rows = _rows(_members(linked, followers), known, run_id)
    return rows if known is None else rows.unionByName(_grown(known, rows, run_id))


def explain(duplicates: DataFrame, doc_id: str) -> DataFrame:
    """The cluster of a document, survivor first -> doc_id, kept, method, similarity; no rows when it has none."""
    its_cluster = duplicates.where(F.col("doc_id") == doc_id).select("cluster_id")
    fellows = duplicates.join(its_cluster, on="cluster_id", how="left_semi")
    return fellows.select("doc_id", "kept", "method", "similarity").orderBy(F.desc("kept"), "doc_id")


def _documents(signatures: DataFrame, known: DataFrame | None, batch: int) -> DataFrame:
    """Signatures, with their rank in the total order and the cluster that `known` assigns them."""
    documents = signatures.drop("run_id").withColumns(
        {
            "is_new": F.col("batch") >= batch,
            "order": total_order(),
        }
    )
    if known is None:
        null = F.lit(None)
        previous = {"survivor": F.col("doc_id"), "method": null.cast("string"), "similarity": null.cast("double")}
        return documents.withColumns(previous)
    previous = known.select("doc_id", "cluster_id", "method", "similarity")
    return documents.join(previous, on="doc_id", how="left").withColumn(
        "survivor", F.expr("coalesce(cluster_id, doc_id)")
    )


def total_order() -> Column:
    """A string that sorts by batch, -priority, -length, doc_id: not all engines compare structs."""
    numbers = ("batch", f"{2**31} - priority", f"{2**62} - length")
    return F.concat(*(F.lpad(F.expr(number).cast("string"), 19, "0") for number in numbers), F.col("doc_id"))


def _grouped(documents: DataFrame, config: DedupConfig, scratch: Scratch) -> tuple[DataFrame, DataFrame]:
    """(followers, members of components), found on the driver: a few hundred bytes a document, no texts."""
    from pipelines.dedup.grouping import group

    needed = ["doc_id", "text_hash", "length", "priority", "batch", "bands", "is_new"]
    groups = group(documents.select(*needed, "survivor", "method", "similarity").toArrow(), config.exact)
    return scratch.frame(groups.followers), F.broadcast(scratch.frame(groups.members))


def _grouped_apart(
    documents: DataFrame, config: DedupConfig, only_new: bool, scratch: Scratch
) -> tuple[DataFrame, DataFrame]:
    """The same, for any number of documents."""
    followers = scratch.keep(_followers(documents, config.exact))
    leading = documents.join(followers.select("doc_id"), on="doc_id", how="left_anti")
    components = _components(_edges(leading, only_new), config.driver_edges, scratch)
    vertices = leading.where("survivor = doc_id").selectExpr("doc_id AS vertex", "order", "is_new")
    return followers, components.join(vertices, on="vertex", how="inner")


def _followers(documents: DataFrame, exact: bool) -> DataFrame:
    """New documents whose text occurs earlier in the order -> doc_id, represented_by, similarity, same_text, settled.

    `represented_by` is the first document with the text or, if an earlier run dropped that one, its survivor, whose
    text may differ. `settled`: the first document with the text is from an earlier run.
    """
    same_text = F.expr("survivor = doc_id OR method = 'exact'")
    stand_in = F.struct(
        F.col("survivor").alias("represented_by"),
        F.when(same_text, 1.0).otherwise(F.col("similarity")).alias("similarity"),
        same_text.alias("same_text"),
        (~F.col("is_new")).alias("settled"),
        F.col("doc_id").alias("first"),
    )
    with_text = Window.partitionBy("text_hash").orderBy("order")
    comparable = documents.where("text_hash IS NOT NULL" if exact else "false")
    firsts = comparable.select("doc_id", "is_new", F.first(stand_in).over(with_text).alias("it"))
    return firsts.where("is_new AND doc_id != it.first").select(
        "doc_id", "it.represented_by", "it.similarity", "it.same_text", "it.settled"
    )


def _linked(members: DataFrame, texts: Texts, config: MinHashConfig | None, scratch: Scratch) -> DataFrame:
    """Members of components to clusters -> vertex, component, cluster_id, similarity, is_new."""
    if config is None:
        from pipelines.dedup.verification import SCHEMA as LINKED

        return scratch.frame(LINKED.empty_table())
    return _verified(members, texts, config) if config.verify else _transitive(members)


def _edges(documents: DataFrame, only_new: bool) -> DataFrame:
    """Pairs of neighbouring vertices in buckets with a new document -> left, right, each pair once."""
    keys = documents.select("is_new", F.col("survivor").alias("vertex"), F.posexplode("bands").alias("bucket", "key"))
    held = keys.where("is_new")
    if not only_new:
        held = held.unionByName(keys.where("NOT is_new").join(held, on=["bucket", "key"], how="left_semi"))
    in_bucket = Window.partitionBy("bucket", "key").orderBy("vertex")
    pairs = held.select(F.lag("vertex").over(in_bucket).alias("left"), F.col("vertex").alias("right"))
    return pairs.where("left < right").distinct()


def _components(edges: DataFrame, driver_edges: int, scratch: Scratch) -> DataFrame:
    """Connected components, on the driver while it can hold the edges -> vertex, component (its smallest vertex)."""
    edges = scratch.keep(edges)
    if edges.count() > driver_edges:
        return distributed_components(edges, scratch)
    from pipelines.dedup.components import named_labels

    collected = edges.toArrow()
    return scratch.frame(named_labels(collected["left"], collected["right"]))


def distributed_components(edges: DataFrame, scratch: Scratch) -> DataFrame:
    """Connected components of any number of edges (left, right) -> vertex, component (its smallest vertex).

    Alternates large-star and small-star until every component is a star around its smallest vertex: a number of
    rounds that grows with the logarithm of the size, however long the chains.
    Source: Kiveris et al. 2014, "Connected Components in MapReduce and Beyond" (doi:10.1145/2670979.2670997).
    """
    links = scratch.keep(
        edges.selectExpr("greatest(left, right) AS vertex", "least(left, right) AS parent").distinct()
    )
    while not _are_stars(links):
        links = scratch.keep(_small_star(_large_star(links)))
    roots = links.select(F.col("parent").alias("vertex"), F.col("parent").alias("component")).distinct()
    return links.withColumnRenamed("parent", "component").unionByName(roots)


def _large_star(links: DataFrame) -> DataFrame:
    """Each vertex moves from a parent to that parent's smallest parent."""
    smallest = links.groupBy(F.col("vertex").alias("parent")).agg(F.min("parent").alias("grandparent"))
    moved = links.join(smallest, on="parent", how="left")
    return moved.selectExpr("vertex", "coalesce(grandparent, parent) AS parent").distinct()


def _small_star(links: DataFrame) -> DataFrame:
    """Each vertex and all its parents move to the smallest of these parents."""
    smallest = links.groupBy("vertex").agg(F.min("parent").alias("smallest"))
    parents = links.join(smallest, on="vertex", how="inner").where("parent > smallest")
    moved = parents.selectExpr("parent AS vertex", "smallest AS parent")
    return smallest.withColumnRenamed("smallest", "parent").unionByName(moved).distinct()


def _are_stars(links: DataFrame) -> bool:
    """Whether every vertex has one parent and no parent has a parent."""
    torn = links.groupBy("vertex").count().where("count > 1")
    inner = links.join(links.select(F.col("vertex").alias("parent")), on="parent", how="left_semi")
    return torn.isEmpty() and inner.isEmpty()


def _verified(members: DataFrame, texts: Texts, config: MinHashConfig) -> DataFrame:
    """Splits components by similarity, streaming each in total order, so that none is held in memory."""
    from pipelines.dedup.verification import SCHEMA as LINKED

    def verify(batches: Batches) -> Batches:
        from pipelines.dedup.verification import Verification

        return map(Verification(config), batches)

    return (
        texts(members.selectExpr("vertex AS doc_id"))
        .selectExpr("doc_id AS vertex", "text")
        .join(members, on="vertex", how="inner")
        .withColumn("place", F.row_number().over(Window.partitionBy("component").orderBy("order")))
        .select("vertex", "component", "place", "is_new", "text")
        .mapInArrow(in_worker(verify), from_arrow_schema(LINKED))
    )


def _require_texts(members: DataFrame, linked: DataFrame) -> None:
    lost = members.join(linked, on="vertex", how="left_anti").head()
    if lost:
        raise LookupError(f"document {lost.vertex} has a signature but no text: rebuild the table signatures")


def _transitive(members: DataFrame) -> DataFrame:
    """The first document of a component becomes the survivor of all its new ones."""
    firsts = members.groupBy("component").agg(F.min_by("vertex", "order").alias("first"))
    cluster_id = F.when(F.col("is_new"), F.col("first")).otherwise(F.col("vertex"))
    return members.join(firsts, on="component", how="inner").select(
        "vertex",
        "component",
        cluster_id.alias("cluster_id"),
        F.when(cluster_id == F.col("vertex"), 1.0).alias("similarity"),
        "is_new",
    )


def _members(linked: DataFrame, followers: DataFrame) -> DataFrame:
    """Vertices that have an edge or followers, and the followers -> columns of `linked`, doc_id, same_text."""
    following = followers.alias("follower").join(
        linked.alias("linked"), on=F.col("represented_by") == F.col("vertex"), how="left"
    )
    followed_only = (
        following.where("vertex IS NULL").selectExpr("represented_by AS vertex", "NOT settled AS is_new").distinct()
    )
    vertices = linked.unionByName(
        followed_only.selectExpr(
            "vertex", "vertex AS component", "vertex AS cluster_id", "1.0D AS similarity", "is_new"
        )
    )
    return vertices.selectExpr(
        "vertex AS doc_id", "component", "cluster_id", "similarity", "is_new", "vertex = cluster_id AS same_text"
    ).unionByName(
        following.selectExpr(
            "doc_id",
            "coalesce(component, represented_by) AS component",
            "coalesce(cluster_id, represented_by) AS cluster_id",
            "if(coalesce(cluster_id = represented_by, true), follower.similarity, linked.similarity) AS similarity",
            "true AS is_new",
            "same_text AND coalesce(cluster_id = represented_by, true) AS same_text",
        )
    )


def _rows(members: DataFrame, known: DataFrame | None, run_id: str) -> DataFrame:
    """Table `duplicates`: all new members, and earlier survivors whose clusters grew."""
    if known is None:
        members = members.selectExpr("*", "1L AS size_before", "true AS exact_before", "doc_id AS component_before")
    else:
        before = known.select("doc_id", "cluster_size", "method", "component_id")
        members = members.join(before, on="doc_id", how="left").selectExpr(
            *members.columns,
            "coalesce(cluster_size, 1L) AS size_before",
            "coalesce(cluster_size = 1 OR method = 'exact', true) AS exact_before",
            "coalesce(component_id, doc_id) AS component_before",
        )
    cluster, component = Window.partitionBy("cluster_id"), Window.partitionBy("component")
    # Documents of an earlier component keep their side of the held-out split, and new ones join it.
    first_component = F.first("component_before").over(component.orderBy("is_new", "component_before"))
    sized = members.withColumns(
        {
            "component_id": F.when(F.col("is_new"), first_component).otherwise(F.col("component_before")),
            "cluster_size": F.sum("size_before").over(cluster),
            "grew": F.max("is_new").over(cluster),
            "all_exact": F.min(F.expr("same_text AND exact_before")).over(cluster),
        }
    )
    return sized.where("grew").select(
        "doc_id",
        F.expr("if(if(doc_id = cluster_id, all_exact AND cluster_size > 1, same_text), 'exact', 'minhash')").alias(
            "method"
        ),
        "cluster_id",
        "cluster_size",
        F.expr("doc_id = cluster_id").alias("kept"),
        "similarity",
        "component_id",
        F.lit(run_id).alias("run_id"),
    )


def _grown(known: DataFrame, rows: DataFrame, run_id: str) -> DataFrame:
    """Rows of documents that earlier runs dropped, whose clusters have grown."""
    sizes = rows.where("kept").select("cluster_id", "cluster_size")
    dropped = known.where("NOT kept").drop("cluster_size").join(sizes, on="cluster_id", how="inner")
    return dropped.withColumn("run_id", F.lit(run_id)).select(*known.columns)
