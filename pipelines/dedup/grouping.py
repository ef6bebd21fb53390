"""Finds candidate duplicates in memory on the driver, from signatures alone, without texts.

The result equals that of the shuffles in `spark.py`. Memory: a few hundred bytes per document.

Shapes: N documents, B buckets, E edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup.components import labels
from pipelines.kernels.arrays import Integers, Truths

FOLLOWERS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("represented_by", pa.string()),
        ("similarity", pa.float64()),
        ("same_text", pa.bool_()),
        ("settled", pa.bool_()),
    ]
)
MEMBERS = pa.schema(
    [("vertex", pa.string()), ("component", pa.string()), ("order", pa.int64()), ("is_new", pa.bool_())]
)


@dataclass(frozen=True, slots=True)
class Groups:
    """Documents that need no comparison (`followers`), and those that do (`members`)."""

    followers: pa.Table  # of FOLLOWERS: new documents with the same text as an earlier one in the order
    members: pa.Table  # of MEMBERS: vertices with an edge, and the smallest vertex of their component


def group(documents: pa.Table, exact: bool) -> Groups:
    """Followers and components of N documents.

    Args:
        documents: doc_id, text_hash, length, priority, batch, bands of table `signatures`; `is_new`; `survivor`, the
            document that it duplicates (itself when it is no duplicate); `method` and `similarity` as of table
            `duplicates`, null where it has no row.
        exact: whether equal texts are duplicates.

    Raises:
        LookupError: a survivor is not among the documents.
    """
    documents = documents.sort_by("doc_id").combine_chunks()  # row numbers now compare like ids
    order = _order(documents)
    is_new = _truths(documents["is_new"])
    survivors = _survivors(documents)
    first = _firsts(documents["text_hash"], order) if exact else np.arange(len(documents))
    follows = is_new & (first != np.arange(len(documents)))
    left, right = _edges(documents["bands"], survivors, is_new, ~follows)
    return Groups(_followers(documents, survivors, first, follows), _members(documents, order, left, right))


def _order(documents: pa.Table) -> Integers:
    """Each document's place in the total order, (N,): batch, -priority, -length, doc_id."""
    priority, length, batch = (_integers(documents[name]) for name in ("priority", "length", "batch"))
    place = np.empty(len(documents), np.int64)
    place[np.lexsort((-length, -priority, batch))] = np.arange(len(documents))  # stable: ties stay by doc_id
    return place


def _survivors(documents: pa.Table) -> Integers:
    """The row of each document's survivor, (N,)."""
    rows = pc.index_in(documents["survivor"], value_set=documents["doc_id"].combine_chunks())
    if rows.null_count:
        lost = documents["survivor"].filter(pc.is_null(rows))[0].as_py()
        raise LookupError(f"document {lost} survives in table duplicates but has no signature: rebuild signatures")
    return _integers(rows)


def _firsts(text_hashes: pa.ChunkedArray, order: Integers) -> Integers:
    """The row of the first document in order with the same text, (N,); a null text equals no other."""
    first = np.arange(len(order))
    known = np.flatnonzero(~_truths(text_hashes.is_null()))
    codes = text_hashes.combine_chunks().dictionary_encode().indices.drop_null().to_numpy()
    by_text = known[np.lexsort((order[known], codes))]
    starts = np.flatnonzero(np.diff(np.sort(codes), prepend=-1))
    sizes = np.diff(np.append(starts, len(codes)))
    first[by_text] = np.repeat(by_text[starts], sizes)
    return first


def _edges(bands: pa.ChunkedArray, survivors: Integers, is_new: Truths, leads: Truths) -> tuple[Integers, Integers]:
    """Pairs of neighbouring vertices in buckets with a new document -> (E,), (E,)."""
    lists = bands.combine_chunks()
    signed = np.flatnonzero(leads & (lists.value_lengths().to_numpy() > 0))
    if not len(signed):
        return signed, signed
    keys = lists.take(pa.array(signed)).flatten().to_numpy().reshape(len(signed), -1)  # (signed, B)
    vertices, fresh = survivors[signed], is_new[signed]
    pairs = [_adjacent(keys[:, bucket], vertices, fresh) for bucket in range(keys.shape[1])]
    left, right = zip(*pairs, strict=True)
    return np.concatenate(left), np.concatenate(right)


def _adjacent(keys: Integers, vertices: Integers, fresh: Truths) -> tuple[Integers, Integers]:
    """The pairs of one bucket: neighbours with equal keys, for keys that a new document has."""
    by_key = np.lexsort((vertices, keys))
    keys, vertices = keys[by_key], vertices[by_key]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sizes = np.diff(np.append(starts, len(keys)))
    holds_new = np.repeat(np.logical_or.reduceat(fresh[by_key], starts), sizes)
    pair = np.flatnonzero((keys[1:] == keys[:-1]) & (vertices[1:] != vertices[:-1]) & holds_new[1:])
    return vertices[pair], vertices[pair + 1]


def _followers(documents: pa.Table, survivors: Integers, first: Integers, follows: Truths) -> pa.Table:
    rows = np.flatnonzero(follows)
    firsts = pa.array(first[rows])
    represented_by = survivors[first[rows]]
    exact = pc.fill_null(pc.equal(documents["method"].take(firsts), "exact"), False)
    same_text = (represented_by == first[rows]) | _truths(exact)
    similarity = documents["similarity"].take(firsts)
    columns = [
        documents["doc_id"].take(pa.array(rows)),
        documents["doc_id"].take(pa.array(represented_by)),
        pc.if_else(pa.array(same_text), 1.0, similarity),
        pa.array(same_text),
        pc.invert(documents["is_new"].take(firsts)),
    ]
    return pa.table(columns, schema=FOLLOWERS)


def _members(documents: pa.Table, order: Integers, left: Integers, right: Integers) -> pa.Table:
    vertices, codes = np.unique(np.concatenate([left, right]), return_inverse=True)
    smallest = vertices[labels(codes[: len(left)], codes[len(left) :], len(vertices))] if len(left) else vertices
    names = documents["doc_id"]
    columns = [names.take(pa.array(rows)) for rows in (vertices, smallest)]
    return pa.table(
        [*columns, pa.array(order[vertices]), documents["is_new"].take(pa.array(vertices))], schema=MEMBERS
    )


def _integers(column: pa.ChunkedArray | pa.Array) -> Integers:
    return column.to_numpy().astype(np.int64)


def _truths(column: pa.ChunkedArray | pa.Array) -> Truths:
    chunks: Sequence[pa.Array] = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return np.concatenate([np.empty(0, np.bool_), *(chunk.to_numpy(zero_copy_only=False) for chunk in chunks)])
