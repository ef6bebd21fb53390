"""One shard: encoded sentences in, rows for a masked language model out, both as Arrow.

Shapes: D documents, S sentences, R rows, L tokens of a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from pipelines.kernels.arrays import Integers
from pipelines.keyed_hash import keyed_hash
from pipelines.sequences import order
from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.segments import ALONE, NEXT, Documents, Segments, fill
from pipelines.sequences.shard import ROWS_BYTES, Shard, binary, flat
from pipelines.tables import SequenceFormat, sequences


@dataclass(frozen=True)
class Plan:
    """The rows of a shard, decided from lengths alone."""

    documents: Integers  # (D,) places in the input of the documents with sentences, in the order of filling
    segments: Segments  # of these
    begins: Integers  # (S + 1,) where each sentence begins among the tokens of these documents
    first: Integers  # (D + 1,) the first sentence of each

    def spans(self) -> tuple[Integers, Integers]:
        """(R, 2) where each segment begins among all tokens, and its tokens."""
        starts = self.begins[self.segments.first]
        return starts, self.begins[self.segments.stop] - starts

    def offsets(self) -> Integers:
        """(R, 2) where each segment begins among the tokens of its document."""
        return self.begins[self.segments.first] - self.begins[self.first[self.segments.document]]


def plan(encoded: pa.Table, config: MaskedConfig) -> Plan:
    """Decides the rows of a shard.

    Args:
        encoded: doc_id, language, split_group_id, lengths of D documents, in any order.
        config: how to fill rows.
    """
    shuffled = order.shuffled(encoded["doc_id"].to_pylist(), config.seed, "document")
    counts = pc.list_value_length(encoded["lengths"]).to_numpy().astype(np.int64)
    chosen = shuffled[counts[shuffled] > 0]
    columns = encoded.select(["doc_id", "language", "split_group_id", "lengths"]).take(pa.array(chosen))
    lengths = columns["lengths"].combine_chunks().flatten().to_numpy().astype(np.int64)
    first = np.concatenate(([0], np.cumsum(counts[chosen]))).astype(np.int64)
    keys = [keyed_hash(doc_id, config.seed, "segments") for doc_id in columns["doc_id"].to_pylist()]
    documents = Documents(
        first, lengths, np.array(keys, np.uint64), _codes(columns["language"]), _codes(columns["split_group_id"])
    )
    segments = fill(documents, config.room, config.short_rows, config.random_next)
    return Plan(chosen, segments, np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), first)


def _codes(values: pa.ChunkedArray) -> Integers:
    """(D,) a number for each different value."""
    known = values.combine_chunks().fill_null("").dictionary_encode()
    codes: Integers = known.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def rows(
    encoded: pa.Table, shard: Shard, config: MaskedConfig, described: SequenceFormat, run_id: str
) -> Iterator[pa.RecordBatch]:
    """The rows of a shard in the order of `position`.

    Args:
        encoded: rows of `sentences.ENCODED`, in any order.
        shard: which one.
        config: how to fill rows.
        described: the format of the rows.
        run_id: of the run.
    """
    planned = plan(encoded, config)
    chosen = encoded.select(["doc_id", "language", "ids"]).take(pa.array(planned.documents))
    names, languages = chosen["doc_id"].combine_chunks(), chosen["language"].combine_chunks()
    ids = flat(chosen["ids"], np.dtype(f"<u{described.id_bits // 8}"))
    starts, lengths = planned.spans()
    offsets, segments = planned.offsets(), planned.segments
    identifiers = _identifiers(config.name, names.to_pylist(), segments, offsets, lengths)
    shuffle = order.shuffled(identifiers, config.seed, "sequence")
    step = max(1, ROWS_BYTES // (config.length * described.id_bits // 8))
    schema = sequences(config.name, objective="masked").schema
    for begin in range(0, len(shuffle), step):
        part = shuffle[begin : begin + step]
        packed = assemble(ids, starts[part], lengths[part], described)
        yield pa.RecordBatch.from_pydict(
            {
                "sequence_id": [identifiers[row] for row in part],
                "split": [shard.split] * len(part),
                "position": np.arange(shard.first + begin, shard.first + begin + len(part)),
                "ids": binary(packed),
                **_boundaries(part, segments, offsets, lengths, names),
                "is_next": segments.second[part] == NEXT,
                "language": languages.take(pa.array(segments.document[part, 0])),
                "run_id": [run_id] * len(part),
            },
            schema=schema,
        )


def _identifiers(name: str, names: list[str], segments: Segments, offsets: Integers, lengths: Integers) -> list[str]:
    """(R,) the id of each row, from its two segments."""
    columns = (segments.document.tolist(), offsets.tolist(), (offsets + lengths).tolist())
    return [
        order.sequence_id(name, [(names[document], start, stop) for document, start, stop in zip(*row, strict=True)])
        for row in zip(*columns, strict=True)
    ]


def _boundaries(
    part: Integers, segments: Segments, offsets: Integers, lengths: Integers, names: pa.Array
) -> dict[str, pa.Array]:
    """The list columns of some rows: two pieces each, one where a row has no second segment."""
    there = np.ones((len(part), 2), np.bool_)
    there[:, 1] = segments.second[part] != ALONE
    sizes = lengths[part] + (2, 1)  # the start and a separator, a separator
    bounds = pa.array(np.concatenate(([0], np.cumsum(there.sum(1)))), pa.int32())
    columns = {
        "doc_lengths": pa.array(sizes[there], pa.int32()),
        "doc_ids": names.take(pa.array(segments.document[part][there])),
        "doc_offsets": pa.array(offsets[part][there]),
    }
    lists = {name: pa.ListArray.from_arrays(bounds, values) for name, values in columns.items()}
    return {"n_tokens": pa.array((sizes * there).sum(1)), **lists}


def assemble(ids: np.ndarray, starts: Integers, lengths: Integers, described: SequenceFormat) -> np.ndarray:
    """(n, L) rows `start A separator B separator`, filled up with padding; `start A separator` where B is empty.

    Args:
        ids: (N,) of all documents, uint16 or uint32.
        starts: (n, 2) where each segment begins in `ids`.
        lengths: (n, 2) tokens of each segment.
        described: the format of the rows.

    Raises:
        OverflowError: the start, the separator or the padding does not fit the dtype of `ids`.
    """
    assert described.start_id is not None  # of this objective
    start, separator, pad = np.array([described.start_id, described.separator_id, described.pad_id], ids.dtype)
    packed = np.full((len(starts), described.length), pad)
    _gather(ids, starts, lengths, start, separator, packed)
    return packed


def unmarked(packed: pa.RecordBatch, described: SequenceFormat) -> np.ndarray:
    """(R,) whether a row lacks its start, or a separator at the end of a segment, or has one of both elsewhere.

    Args:
        packed: ids, doc_lengths of R rows.
        described: their format.
    """
    dtype = np.dtype(f"<u{described.id_bits // 8}")
    ids = flat(pa.chunked_array([packed.column("ids")]), dtype).reshape(len(packed), described.length)
    lengths = packed.column("doc_lengths")
    row = np.repeat(np.arange(len(packed)), pc.list_value_length(lengths).to_numpy())
    through = np.cumsum(np.concatenate(([0], lengths.flatten().to_numpy()))).astype(np.int64)
    begins = np.searchsorted(row, np.arange(len(packed)))  # the first piece of each row
    ends = through[1:] - through[begins][row]  # (P,) of each piece, in its row
    marks = np.zeros(ids.shape, np.bool_)
    marks[row, np.minimum(ends, described.length) - 1] = True
    used = np.arange(described.length) < np.bincount(row, lengths.flatten().to_numpy(), len(packed))[:, None]
    starts = np.zeros(ids.shape, np.bool_)
    starts[:, 0] = True
    if described.start_id == described.separator_id:
        marks = starts = marks | starts
    wrong = ((ids == described.separator_id) & used) != marks
    wrong |= ((ids == described.start_id) & used) != starts
    found: np.ndarray = wrong.any(1)
    return found


@njit(cache=True)
def _gather(
    ids: np.ndarray,
    starts: Integers,
    lengths: Integers,
    start: int,
    separator: int,
    packed: np.ndarray,
) -> None:
    for row in range(len(starts)):
        packed[row, 0] = start
        place = 1
        for segment in range(2):
            size = lengths[row, segment]
            if size:
                begin = starts[row, segment]
                for token in range(size):
                    packed[row, place + token] = ids[begin + token]
                packed[row, place + size] = separator
                place += size + 1
