"""One shard: encoded sentence pairs in, rows for training translation out, both as Arrow.

Shapes: D pairs, R rows (R = D, or 2 D where both directions are wanted).

The document of a pair is `source separator target separator` as the pair was read, whatever the direction of a row: so
`doc_offsets` of a row in the pair's direction begin with 0, of a reversed row with the place of the target.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.arrays import Integers
from pipelines.sequences import order
from pipelines.sequences.shard import ROWS_BYTES, PackError, Shard, flat
from pipelines.sequences.translation.config import TranslationConfig
from pipelines.tables import SequenceFormat, sequences


@dataclass(frozen=True)
class Sides:
    """The two sides of R rows: which pair, and where among the ids of all pairs, which lie sources first."""

    pair: Integers  # (R,)
    swapped: np.ndarray  # (R,) bool: the pair's target is the row's source
    starts: Integers  # (R, 2) of source and target, among all ids
    lengths: Integers  # (R, 2) tokens, without separators
    offsets: Integers  # (R, 2) among the tokens of the pair


def rows(
    pairs: pa.Table, shard: Shard, config: TranslationConfig, described: SequenceFormat, run_id: str
) -> Iterator[pa.RecordBatch]:
    """The rows of a shard in the order of `position`.

    Args:
        pairs: `doc_id` (the pair's id), tokenizer, source_ids, target_ids, n_source, n_target, source_language and
            target_language of D pairs that fit a row, in any order.
        shard: which one.
        config: which directions, and the seed of the shuffle.
        described: the format of the rows.
        run_id: of the run.

    Raises:
        PackError: a pair is of another tokenizer, its ids and numbers of tokens disagree, or a side is too long.
    """
    dtype = np.dtype(f"<u{described.id_bits // 8}")
    _require_fit(pairs, config, described)
    sides = arranged(pairs["n_source"].to_numpy(), pairs["n_target"].to_numpy(), config)
    ids = np.concatenate((flat(pairs["source_ids"], dtype), flat(pairs["target_ids"], dtype)))
    names = pairs["doc_id"].combine_chunks()
    identifiers = _identifiers(config.name, names.to_pylist(), sides)
    shuffle = order.shuffled(identifiers, config.seed, "sequence")
    languages = [pairs[f"{side}_language"].combine_chunks() for side in ("source", "target")]
    step = max(1, ROWS_BYTES // (int(sides.lengths.sum(1).max(initial=0)) + 2) // dtype.itemsize)
    for begin in range(0, len(shuffle), step):
        part = shuffle[begin : begin + step]
        swapped = pa.array(sides.swapped[part])
        source, target = (each.take(pa.array(sides.pair[part])) for each in languages)
        yield pa.RecordBatch.from_pydict(
            {
                "sequence_id": [identifiers[row] for row in part],
                "split": [shard.split] * len(part),
                "position": np.arange(shard.first + begin, shard.first + begin + len(part)),
                "ids": assemble(ids, sides.starts[part], sides.lengths[part], described.separator_id),
                "n_tokens": sides.lengths[part].sum(1) + 2,
                "doc_lengths": _twos(sides.lengths[part] + 1, pa.int32()),
                "doc_ids": _two_lists(names.take(pa.array(np.repeat(sides.pair[part], 2)))),
                "doc_offsets": _twos(sides.offsets[part], pa.int64()),
                "source_language": pc.if_else(swapped, target, source),
                "target_language": pc.if_else(swapped, source, target),
                "run_id": [run_id] * len(part),
            },
            schema=sequences(config.name, described).schema,
        )


def arranged(n_source: Integers, n_target: Integers, config: TranslationConfig) -> Sides:
    """The sides of the rows of D pairs: those of the first direction, then those of the second.

    Args:
        n_source: (D,) tokens of each source.
        n_target: (D,) tokens of each target.
        config: which directions.
    """
    n = np.stack((n_source, n_target), 1).astype(np.int64)  # (D, 2)
    starts = np.cumsum(n, axis=0) - n
    starts[:, 1] += n[:, 0].sum()
    offsets = np.stack((np.zeros(len(n), np.int64), n[:, 0] + 1), 1)
    turns = [(slice(None), slice(None, None, -1 if swap else 1)) for swap in config.swaps]
    return Sides(
        np.tile(np.arange(len(n)), len(turns)),
        np.repeat(np.array(config.swaps), len(n)),
        *(np.concatenate([each[turn] for turn in turns]) for each in (starts, n, offsets)),
    )


def assemble(ids: np.ndarray, starts: Integers, lengths: Integers, separator: int) -> pa.Array:
    """(n,) binary values `source separator target separator`.

    Args:
        ids: (N,) of all sides, uint16 or uint32.
        starts: (n, 2) where each side begins in `ids`.
        lengths: (n, 2) tokens of each side.
        separator: the id that ends a side.

    Raises:
        OverflowError: the separator does not fit the dtype of `ids`.
    """
    ends = np.cumsum(lengths.ravel() + 1)  # of sides, separators included
    made = np.full(ends[-1] if len(ends) else 0, np.array([separator], ids.dtype)[0])
    count = lengths.ravel()
    before = np.cumsum(count) - count
    within = np.arange(int(count.sum())) - np.repeat(before, count)
    made[np.repeat(ends - count - 1, count) + within] = ids[np.repeat(starts.ravel(), count) + within]
    bounds = np.concatenate(([0], ends[1::2])) * made.itemsize
    if bounds[-1] > np.iinfo(np.int32).max:
        raise PackError(f"{len(starts):,} rows have {bounds[-1]:,} bytes of ids: lower shard_tokens")
    buffers = [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(made)]
    return pa.Array.from_buffers(pa.binary(), len(starts), buffers)


def _require_fit(pairs: pa.Table, config: TranslationConfig, described: SequenceFormat) -> None:
    foreign = pairs.filter(pc.not_equal(pairs["tokenizer"], described.tokenizer))["doc_id"]
    if len(foreign):
        raise PackError(
            f"pair {foreign[0]} was encoded by another tokenizer than {described.tokenizer}: tokenize again"
        )
    for side in ("source", "target"):
        size = pc.multiply(pairs[f"n_{side}"], described.id_bits // 8)
        wrong = pairs.filter(pc.not_equal(pc.binary_length(pairs[f"{side}_ids"]), size))["doc_id"]
        if len(wrong):
            raise PackError(f"pair {wrong[0]}: `{side}_ids` does not hold n_{side} ids of {described.id_bits} bits")
        long = pairs.filter(pc.greater_equal(pairs[f"n_{side}"], config.length))["doc_id"]
        if len(long):
            raise PackError(f"pair {long[0]}: its {side} and the separator are over {config.length:,} tokens")


def _identifiers(name: str, names: list[str], sides: Sides) -> list[str]:
    """(R,) the id of each row, from its two sides."""
    stops = sides.offsets + sides.lengths + 1
    columns = (sides.pair.tolist(), sides.offsets.tolist(), stops.tolist())
    return [
        order.sequence_id(name, [(names[pair], start, stop) for start, stop in zip(starts, ends, strict=True)])
        for pair, starts, ends in zip(*columns, strict=True)
    ]


def _twos(values: Integers, kind: pa.DataType) -> pa.ListArray:
    """(n, 2) numbers as n lists."""
    return _two_lists(pa.array(values.ravel(), kind))


def _two_lists(values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(np.arange(0, len(values) + 1, 2), pa.int32()), values)
