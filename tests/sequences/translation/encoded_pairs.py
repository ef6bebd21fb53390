"""Encoded sentence pairs with known ids."""

import numpy as np
import pyarrow as pa

from pipelines.tables import PAIR_TOKENS, SequenceFormat

LENGTH = 12  # of a side
FORMAT = SequenceFormat("translation", 2 * LENGTH, 16, 0, 1, "feedbeef")


def pair(number, n_source, n_target, group=None):
    """Ids of the source are 10, 11, …, those of the target 1000, 1001, …, both moved by the pair's number."""
    return {
        "pair_id": f"p{number:04}",
        "tokenizer": "feedbeef",
        "source_ids": (10 + number + np.arange(n_source)).astype("<u2").tobytes(),
        "target_ids": (1000 + number + np.arange(n_target)).astype("<u2").tobytes(),
        "n_source": n_source,
        "n_target": n_target,
        "source_language": "en",
        "target_language": "de",
        "split_group_id": group or f"g{number // 3:04}",
        "run_id": "run",
    }


def pairs(count, seed=3, longest=LENGTH + 2):
    """Pairs of random lengths; some have a side that is too long, some an empty one."""
    chance = np.random.default_rng(seed)
    made = [pair(number, *chance.integers(0, longest + 1, 2).tolist()) for number in range(count)]
    return pa.Table.from_pylist(made, PAIR_TOKENS.schema)
