"""Takes documents out of packed rows: the other pieces of these rows are packed anew, all other rows stay."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from pipelines.workers.edge import in_worker

Batches = Iterator[pa.RecordBatch]

_PIECES = pa.schema([("doc_id", pa.string()), ("start", pa.int64()), ("ids", pa.binary()), ("length", pa.int64())])


def torn_rows(packed: DataFrame, staying: DataFrame) -> DataFrame:
    """Rows of `packed` with a piece of a document that is not in `staying` (doc_id) -> sequence_id."""
    held = packed.select("sequence_id", F.explode("doc_ids").alias("doc_id"))
    return held.join(staying.select("doc_id"), on="doc_id", how="left_anti").select("sequence_id").distinct()


def pieces(rows: DataFrame, tokens: DataFrame, item_size: int) -> DataFrame:
    """The pieces in packed rows whose documents are in `tokens`, as documents to pack.

    Returns the columns of `tokens`, with the ids of the piece alone, and `start`, `closed` as `pack` takes them.

    Args:
        rows: of a table `sequences_<name>`.
        tokens: table `tokens`, or a part of it.
        item_size: bytes of an id.
    """

    def unpack(batches: Batches) -> Batches:
        for batch in batches:
            yield unpacked(batch, item_size)

    def trim(batches: Batches) -> Batches:
        for batch in batches:
            sizes = (batch.column("n_tokens").to_numpy() * item_size).tolist()
            ids = [piece[:size] for piece, size in zip(batch.column("ids").to_pylist(), sizes, strict=True)]
            yield batch.set_column(batch.schema.get_field_index("ids"), "ids", pa.array(ids, pa.binary()))

    columns = rows.select("ids", "doc_ids", "doc_offsets", "doc_lengths")
    found = columns.mapInArrow(in_worker(unpack), from_arrow_schema(_PIECES))
    whole = tokens.select("doc_id", "tokenizer", F.col("n_tokens").alias("total"), "split_group_id")
    closed = F.expr("start + length > total")
    joined = found.join(whole, on="doc_id", how="inner").select(
        "doc_id",
        "tokenizer",
        "ids",
        (F.col("length") - F.when(closed, 1).otherwise(0)).cast("long").alias("n_tokens"),
        "split_group_id",
        "start",
        closed.alias("closed"),
    )
    return joined.mapInArrow(in_worker(trim), joined.schema)


def unpacked(rows: pa.RecordBatch, item_size: int) -> pa.RecordBatch:
    """Packed rows (ids, doc_ids, doc_offsets, doc_lengths) as one row per piece; ids as they stand in the row."""
    lengths = rows.column("doc_lengths")
    counts = lengths.value_lengths().to_numpy()
    size = lengths.flatten().to_numpy().astype(np.int64)  # (P,) tokens
    row = np.repeat(np.arange(rows.num_rows), counts)  # (P,)
    ends = np.cumsum(size)
    first = np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else counts
    before = np.concatenate(([0], ends))[first]  # (S,) tokens of earlier rows
    end = (ends - before[row]) * item_size
    ids = rows.column("ids").to_pylist()
    cut = [ids[r][e - n : e] for r, e, n in zip(row.tolist(), end.tolist(), (size * item_size).tolist(), strict=True)]
    return pa.RecordBatch.from_arrays(
        [
            rows.column("doc_ids").flatten(),
            rows.column("doc_offsets").flatten(),
            pa.array(cut, pa.binary()),
            pa.array(size),
        ],
        schema=_PIECES,
    )
