"""One shard: the tokens of some documents in, its packed rows out, both as Arrow."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import TokenlakeError
from pipelines.sequences import order
from pipelines.sequences.assembly import assemble
from pipelines.sequences.config import PackConfig
from pipelines.sequences.packing import Pieces, best_fit, concat_and_chunk
from pipelines.tables import SequenceFormat, sequences

ROWS_BYTES = 4 << 20
"""Ids that one batch of rows holds."""


@dataclass(frozen=True)
class TokenFormat:
    """The tokenizer's output format: its fingerprint, separator and padding ids, and bytes per id (2 or 4)."""

    tokenizer: str
    separator: int
    pad: int
    item_size: int

    @property
    def dtype(self) -> np.dtype:
        """Little-endian unsigned integers of `item_size` bytes."""
        return np.dtype(f"<u{self.item_size}")

    def of_rows(self, length: int) -> SequenceFormat:
        """The format of rows of `length` tokens."""
        return SequenceFormat("causal", length, 8 * self.item_size, self.pad, self.separator, self.tokenizer)


@dataclass(frozen=True)
class Shard:
    """The work of one task; earlier shards of the same split have `first` rows."""

    split: str
    first: int = 0


class PackError(TokenlakeError, ValueError):
    """Tokens that cannot be packed with this token format."""


def plan(tokens: pa.Table, config: PackConfig) -> tuple[np.ndarray, Pieces]:
    """Decides the rows of a shard from lengths alone.

    Args:
        tokens: doc_id, n_tokens, start, closed of D documents, or pieces of documents.
        config: how to pack.

    Returns:
        documents: (D,) the order in which documents were packed.
        pieces: their field `document` counts in that order.
    """
    lengths = tokens["n_tokens"].to_numpy() + tokens["closed"].to_numpy(zero_copy_only=False)
    documents = order.shuffled(_names(tokens), config.seed, "document")
    pack = best_fit if config.strategy == "best_fit" else concat_and_chunk
    return documents, pack(lengths[documents], config.length)


def _names(tokens: pa.Table) -> list[str]:
    """(D,) of documents their ids, of pieces that begin within a document also where."""
    pairs = zip(tokens["doc_id"].to_pylist(), tokens["start"].to_pylist(), strict=True)
    return [f"{doc_id} {start}" if start else doc_id for doc_id, start in pairs]


def rows(
    tokens: pa.Table, shard: Shard, config: PackConfig, token_format: TokenFormat, run_id: str
) -> Iterator[pa.RecordBatch]:
    """The packed rows of a shard in the order of `position`.

    Args:
        tokens: columns doc_id, tokenizer, ids, n_tokens, start, closed of all documents, or pieces, of the shard, in
            any order.
        shard: which one.
        config: how to pack.
        token_format: of the tokenizer.
        run_id: of the run.

    Raises:
        PackError: a row is of another tokenizer, or its ids and n_tokens disagree.
    """
    n_tokens = _checked(tokens, token_format)
    documents, pieces = plan(tokens, config)
    names = tokens["doc_id"].combine_chunks().take(pa.array(documents))
    ids = flat(tokens["ids"], token_format.dtype)
    id_start = (np.cumsum(n_tokens) - n_tokens)[documents]
    packed = assemble(
        ids, id_start, n_tokens[documents], pieces, config.length, token_format.separator, token_format.pad
    )
    del ids
    pieces = pieces.moved(tokens["start"].to_numpy()[documents])
    identifiers = _identifiers(config.name, names.to_pylist(), pieces)
    shuffle = order.shuffled(identifiers, config.seed, "sequence")
    step = max(1, ROWS_BYTES // (config.length * token_format.item_size))
    for begin in range(0, len(shuffle), step):
        chosen = shuffle[begin : begin + step]
        positions = np.arange(shard.first + begin, shard.first + begin + len(chosen))
        yield pa.RecordBatch.from_pydict(
            {
                "sequence_id": [identifiers[row] for row in chosen],
                "split": [shard.split] * len(chosen),
                "position": positions,
                "ids": binary(packed[chosen]),
                **_boundaries(chosen, pieces, names),
                "run_id": [run_id] * len(chosen),
            },
            schema=sequences(config.name).schema,
        )


def _checked(tokens: pa.Table, token_format: TokenFormat) -> np.ndarray:
    """(D,) n_tokens, after checking every row against the token format."""
    foreign = pc.filter(tokens["doc_id"], pc.not_equal(tokens["tokenizer"], token_format.tokenizer))
    if len(foreign):
        raise PackError(
            f"document {foreign[0]} was encoded by another tokenizer than {token_format.tokenizer}: tokenize again"
        )
    size = pc.multiply(tokens["n_tokens"], token_format.item_size)
    wrong = pc.filter(tokens["doc_id"], pc.not_equal(pc.binary_length(tokens["ids"]), size))
    if len(wrong):
        raise PackError(f"document {wrong[0]}: `ids` does not hold n_tokens ids of {token_format.item_size} bytes")
    return tokens["n_tokens"].to_numpy().astype(np.int64)


def flat(ids: pa.ChunkedArray, dtype: np.dtype) -> np.ndarray:
    """The ids of all documents, one after another; one copy."""
    parts = [np.empty(0, dtype)]
    for chunk in ids.chunks:
        width = np.int64 if pa.types.is_large_binary(chunk.type) else np.int32
        _, offsets, data = chunk.buffers()
        bounds = np.frombuffer(offsets, width)[chunk.offset : chunk.offset + len(chunk) + 1]
        if data is not None and bounds[-1] > bounds[0]:
            parts.append(np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].view(dtype))
    return np.concatenate(parts)


def _identifiers(name: str, names: list[str], pieces: Pieces) -> list[str]:
    """(S,) the id of each row."""
    described = [
        (names[document], start, stop)
        for document, start, stop in zip(
            pieces.document.tolist(), pieces.start.tolist(), pieces.stop.tolist(), strict=True
        )
    ]
    return [order.sequence_id(name, described[a:b]) for a, b in itertools.pairwise(pieces.bounds().tolist())]


def _boundaries(chosen: np.ndarray, pieces: Pieces, names: pa.Array) -> dict[str, pa.Array]:
    """The list columns of the rows `chosen`, which name the pieces of each."""
    bounds = pieces.bounds()
    counts = (bounds[1:] - bounds[:-1])[chosen]
    ends = np.cumsum(counts)
    piece = np.arange(ends[-1]) + np.repeat(bounds[chosen] - (ends - counts), counts)
    offsets = pa.array(np.concatenate(([0], ends)), pa.int32())
    columns = {
        "doc_lengths": pa.array(pieces.lengths[piece], pa.int32()),
        "doc_ids": names.take(pa.array(pieces.document[piece])),
        "doc_offsets": pa.array(pieces.start[piece]),
    }
    n_tokens = np.add.reduceat(pieces.lengths[piece], ends - counts)
    lists = {column: pa.ListArray.from_arrays(offsets, values) for column, values in columns.items()}
    return {"n_tokens": pa.array(n_tokens), **lists}


def binary(packed: np.ndarray) -> pa.Array:
    """(n, L) ids as n binary values of L * item size bytes."""
    offsets = np.arange(len(packed) + 1, dtype=np.int32) * packed[:1].nbytes
    return pa.Array.from_buffers(pa.binary(), len(packed), [None, pa.py_buffer(offsets), pa.py_buffer(packed)])
