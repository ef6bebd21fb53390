"""Tables of sentence pairs that the tests of the feed make: known ids, several files, real Delta logs."""

import numpy as np
import pyarrow as pa

from pipelines.tables import SequenceFormat, sequences

SIDE = 12  # tokens of a side at most
PAIRS = SequenceFormat("translation", length=2 * SIDE, id_bits=16, pad_id=0, separator_id=1, tokenizer="feedbeef")


def pair_rows(count, first=0, split="train", seed=0, longest=SIDE):
    """Rows of pairs of random lengths; both sides of row r begin with 2 + r % 60000, so a pair tells its number."""
    random = np.random.default_rng((seed, first))
    lengths = random.integers(2, longest + 1, (count, 2)).tolist()
    ids = [_ids(random, number, each) for number, each in zip(range(first, first + count), lengths, strict=True)]
    names = [f"p{number:09d}" for number in range(first, first + count)]
    return pa.table(
        {
            "sequence_id": names,
            "split": [split] * count,
            "position": np.arange(first, first + count),
            "ids": pa.array([row.tobytes() for row in ids], pa.binary()),
            "n_tokens": [sum(each) for each in lengths],
            "doc_lengths": pa.array(lengths, pa.list_(pa.int32())),
            "doc_ids": [[name, name] for name in names],
            "doc_offsets": pa.array([[0, source] for source, _ in lengths], pa.list_(pa.int64())),
            "source_language": ["en" if number % 3 else "de" for number in range(first, first + count)],
            "target_language": ["de" if number % 3 else "en" for number in range(first, first + count)],
            "run_id": ["run"] * count,
        },
        sequences("pairs", PAIRS).schema,
    )


def _ids(random, number, lengths):
    ids = random.integers(2, 60_000, sum(lengths)).astype("<u2")
    ids[[0, lengths[0]]] = 2 + number % 60_000
    ids[[lengths[0] - 1, -1]] = PAIRS.separator_id
    return ids
