"""How near duplicates are distributed in real texts: MinHash buckets, groups of equal texts, components, clusters.

Everything is computed in this process by the functions that the tasks and the driver of a run call.

Shapes: N documents, B buckets, E edges. A histogram maps a size to how many groups have it.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.lake import Lake
from pipelines.dedup.config import DedupConfig, MinHashConfig
from pipelines.dedup.grouping import group
from pipelines.dedup.signing import Signing
from pipelines.dedup.verification import Verification
from pipelines.kernels.arrays import Integers
from pipelines.tables import SIGNATURES

Histogram = dict[int, int]

_BATCH = 1000  # rows, as Spark hands them to Python


def signed(files: Iterable[Path]) -> pa.Table:
    """JSON lines (id, text) -> doc_id, text, and the columns of table `signatures`; all arrived in one batch."""
    sign = Signing(DedupConfig(), 0, "sizing")
    parts = []
    for file in files:
        rows = [json.loads(line) for line in file.open(encoding="utf-8")]
        for first in range(0, len(rows), _BATCH):
            some = rows[first : first + _BATCH]
            texts = pa.array([row["text"] for row in some])
            names = pa.array([row["id"] for row in some])
            priority = pa.array(np.zeros(len(some), np.int32))
            given = pa.RecordBatch.from_arrays([names, texts, priority], ["doc_id", "text", "priority"])
            parts.append(pa.Table.from_batches([sign(given)]).append_column("text", texts))
    return pa.concat_tables(parts).combine_chunks()


def signed_of_lake(root: str) -> pa.Table:
    """The same, of a lake that was made in one run: texts as they were read."""
    lake = Lake(root)
    texts = lake.read_here("measures", ("doc_id", "text"))
    return lake.read_here("signatures", SIGNATURES.schema.names).join(texts, "doc_id", join_type="inner")


def distribution(documents: pa.Table) -> dict[str, Any]:
    """Of `signed` documents: JSON-able counts and histograms."""
    documents = documents.sort_by("doc_id").combine_chunks()
    texts = documents["text_hash"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, leads = np.unique(texts, return_index=True)  # one document of each text, as followers have no edges
    lists = documents["bands"].combine_chunks().take(pa.array(leads))
    lists = lists.filter(pc.greater(pc.list_value_length(lists), 0))
    keys = lists.flatten().to_numpy().reshape(len(lists), -1)  # (leads with words enough, B)
    left, right = edges(keys)
    groups = group(_as_grouped(documents), exact=True)
    verified = _verified(groups.members, documents)
    components = groups.members["component"].to_pylist()
    return {
        "documents": len(documents),
        "text_bytes": pc.sum(pc.binary_length(documents["text"])).as_py(),
        "followers": len(groups.followers),
        "equal_texts": _as_json(histogram(texts)),
        "buckets": _as_json(sum((Counter(histogram(keys[:, band])) for band in range(keys.shape[1])), Counter())),
        "edges": len(left),
        "components": _as_json(Counter(Counter(components).values())),
        "rounds": rounds(left, right),
        **verified,
    }


def _as_grouped(documents: pa.Table) -> pa.Table:
    """With the columns that `grouping.group` needs, in a lake that knows no duplicates yet."""
    rows = len(documents)
    columns = {
        "is_new": pa.array(np.ones(rows, np.bool_)),
        "survivor": documents["doc_id"],
        "method": pa.nulls(rows, pa.string()),
        "similarity": pa.nulls(rows, pa.float64()),
    }
    for name, column in columns.items():
        documents = documents.append_column(name, column)
    return documents.drop_columns("text")


def _verified(members: pa.Table, documents: pa.Table) -> dict[str, Any]:
    """What verification makes of all components, and the CPU time it takes in one process."""
    texts = documents.select(["doc_id", "text"]).rename_columns(["vertex", "text"])
    ordered = members.join(texts, "vertex", join_type="inner").sort_by(
        [("component", "ascending"), ("order", "ascending")]
    )
    work = Verification(MinHashConfig())
    for batch in _batches(ordered.slice(0, _BATCH)):
        work(batch)  # kernels and word tables are loaded once in a process
    work = Verification(MinHashConfig())
    started = time.process_time()
    found = pa.Table.from_batches([work(batch) for batch in _batches(ordered)])
    seconds = time.process_time() - started
    clusters = found.group_by("component").aggregate([("cluster_id", "count_distinct")])
    return {
        "members": len(ordered),
        "clusters": pc.sum(clusters["cluster_id_count_distinct"]).as_py(),
        "most_clusters": pc.max(clusters["cluster_id_count_distinct"]).as_py(),
        "verification_seconds": round(seconds, 3),
    }


def _batches(ordered: pa.Table) -> Iterator[pa.RecordBatch]:
    """In the columns that a task gets; places count from 1 in each component."""
    components = ordered["component"].combine_chunks().dictionary_encode().indices.to_numpy()
    starts = np.flatnonzero(np.append(True, components[1:] != components[:-1]))
    sizes = np.diff(np.append(starts, len(components)))
    places = np.arange(len(components)) - np.repeat(starts, sizes) + 1
    names = ["vertex", "component", "is_new", "text"]
    rows = ordered.select(names).append_column("place", pa.array(places))
    yield from rows.combine_chunks().to_batches(_BATCH)


def histogram(groups: Integers) -> Histogram:
    """Size -> how many groups have it; `groups` (N,) names the group of each member."""
    _, sizes = np.unique(groups, return_counts=True)
    values, counts = np.unique(sizes, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def edges(keys: Integers) -> tuple[Integers, Integers]:
    """Distinct pairs of neighbours in the buckets of `keys` (N, B), as `pipelines.dedup` makes them -> (E,), (E,)."""
    pairs = []
    for band in range(keys.shape[1]):
        by_key = np.argsort(keys[:, band], kind="stable")
        same = np.flatnonzero(keys[by_key[1:], band] == keys[by_key[:-1], band])
        pairs.append(np.stack([by_key[same], by_key[same + 1]]))
    left, right = np.unique(np.concatenate(pairs, axis=1), axis=1)
    return left, right


def rounds(left: Integers, right: Integers) -> int:
    """How often `pipelines.dedup.spark.distributed_components` repeats its two joins on these edges."""
    links = _distinct(np.maximum(left, right), np.minimum(left, right))
    count = 0
    while not _are_stars(*links):
        links = _small_star(*_large_star(*links))
        count += 1
    return count


def _large_star(vertex: Integers, parent: Integers) -> tuple[Integers, Integers]:
    return _distinct(vertex, _smallest_parents(vertex, parent)[parent])


def _small_star(vertex: Integers, parent: Integers) -> tuple[Integers, Integers]:
    least = _smallest_parents(vertex, parent)[vertex]
    others = parent > least
    return _distinct(np.concatenate([vertex, parent[others]]), np.concatenate([least, least[others]]))


def _are_stars(vertex: Integers, parent: Integers) -> bool:
    return len(np.unique(vertex)) == len(vertex) and not np.isin(parent, vertex).any()


def _smallest_parents(vertex: Integers, parent: Integers) -> Integers:
    """Each vertex's smallest parent, itself where it has none."""
    found = np.arange(max(vertex.max(initial=0), parent.max(initial=0)) + 1)
    np.minimum.at(found, vertex, parent)
    return found


def _distinct(vertex: Integers, parent: Integers) -> tuple[Integers, Integers]:
    size = int(max(vertex.max(initial=0), parent.max(initial=0))) + 1
    codes = np.unique(vertex.astype(np.int64) * size + parent)
    return codes // size, codes % size


def _as_json(found: Histogram) -> dict[str, int]:
    return {str(size): int(count) for size, count in sorted(found.items())}
