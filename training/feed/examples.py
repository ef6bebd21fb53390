"""Rows of a feed as dictionaries, with the names that Hugging Face's models and `datasets` use.

A data set of a feed: `datasets.IterableDataset.from_generator(examples, gen_kwargs={"feed": feed},
features=Features.from_dict(features(feed.format)))`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.tables import SequenceFormat
from training.feed.feed import Feed

IGNORED = -100
"""Label of positions without a target."""


def examples(feed: Feed) -> Iterator[dict[str, np.ndarray]]:
    """The rows of this rank, each with (L,) int64 values.

    `input_ids`; `position_ids` from 0 in each document; `attention_mask`, 0 in padding; `labels`, the ids themselves,
    since the models shift them, with `IGNORED` at each document's first id and in padding.
    """
    for batch in feed:
        positions, is_text = batch.positions(), batch.documents() >= 0
        ids = batch.ids.astype(np.int64)
        labels = np.where(is_text & (positions > 0), ids, IGNORED)
        for row in np.flatnonzero(batch.source >= 0).tolist():
            yield {
                "input_ids": ids[row],
                "position_ids": positions[row].astype(np.int64),
                "attention_mask": is_text[row].astype(np.int64),
                "labels": labels[row],
            }


def features(described: SequenceFormat) -> dict[str, Any]:
    """The types of `examples`, as `datasets.Features.from_dict` takes them."""
    names = ("input_ids", "position_ids", "attention_mask", "labels")
    value = {"dtype": "int64", "_type": "Value"}
    return {name: {"feature": value, "length": described.length, "_type": "Sequence"} for name in names}
