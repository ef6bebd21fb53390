"""A table for masked language models through the feed: the same masks for any number of ranks and batch sizes."""

import numpy as np
import pyarrow as pa
import pytest
from sequence_tables import append

from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.rows import rows
from pipelines.sequences.masked.sentences import ENCODED
from pipelines.sequences.shard import Shard
from pipelines.tables import SequenceFormat, sequences
from training.feed.masking import IGNORED, Masking, mask_batch
from training.feed.opening import open_feed

FORMAT = SequenceFormat("masked", 32, 16, 0, 1, "feedbeef", start_id=2, mask_id=3, vocabulary=400)
SETTINGS = Masking.of(FORMAT, {"model": {"vocab": {}}, "added_tokens": []})


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """240 documents of a few sentences, in rows of 32 tokens, in three files."""
    chance, made = np.random.default_rng(2), []
    for document in range(240):
        lengths = chance.integers(1, 15, chance.integers(1, 6)).tolist()
        ids = chance.integers(4, 400, sum(lengths)).astype("<u2").tobytes()
        values = (f"d{document}", "en", f"g{document}", ids, sum(lengths), lengths, len(lengths), 0)
        made.append(dict(zip(ENCODED.names, values, strict=True)))
    encoded = pa.Table.from_pylist(made, ENCODED)
    packed = list(rows(encoded, Shard("train"), MaskedConfig(length=32), FORMAT, "run"))
    root = tmp_path_factory.mktemp("masked") / "lake"
    schema = sequences("masked", objective="masked").schema
    append(root, pa.Table.from_batches(packed, schema), "masked", FORMAT, files=3)
    return str(root)


def masked(lake, ranks, batch_size, epochs=2):
    """(epoch, row) -> what a model is given of it."""
    found = {}
    for rank in range(ranks):
        feed = open_feed(
            lake, "masked", batch_size=batch_size, rank=rank, ranks=ranks, epochs=epochs, seed=5, tail="pad"
        )
        for batch in feed:
            inputs, labels = mask_batch(batch, 5, SETTINGS)
            segments, is_next = batch.documents(), batch.columns["is_next"]
            for place in np.flatnonzero(batch.source >= 0):
                key = int(batch.epoch[place]), int(batch.row[place])
                arrays = inputs[place], labels[place], segments[place]
                found[key] = (*(array.tobytes() for array in arrays), int(is_next[place]))
    return found


def test_masks_are_the_same_for_any_number_of_ranks_and_batch_sizes(lake):
    alone = masked(lake, 1, 7)
    assert len(alone) > 400
    assert masked(lake, 2, 16) == masked(lake, 3, 5) == alone


def test_another_epoch_has_other_masks_of_the_same_rows(lake):
    found = masked(lake, 1, 32)
    labels = {epoch: {row: each[1] for (its, row), each in found.items() if its == epoch} for epoch in (0, 1)}
    assert labels[0].keys() == labels[1].keys()
    assert np.mean([labels[0][row] != labels[1][row] for row in labels[0]]) > 0.9


def test_documents_of_a_batch_are_the_segment_ids(lake):
    batch = next(iter(open_feed(lake, "masked", batch_size=8, epochs=1)))
    for ids, segments in zip(batch.ids, batch.documents(), strict=True):
        ends = np.flatnonzero(ids == FORMAT.separator_id)
        assert (segments[: ends[0] + 1] == 0).all()
        assert (segments[ends[0] + 1 : ends[1] + 1] == 1).all()
        assert (segments[ends[1] + 1 :] == -1).all()


def test_rows_that_only_fill_up_have_nothing_to_predict(lake):
    size = 1000
    [batch] = open_feed(lake, "masked", batch_size=size, epochs=1, tail="pad")
    filling = batch.source < 0
    assert filling.any()
    _, labels = mask_batch(batch, 5, SETTINGS)
    assert (labels[filling] == IGNORED).all()
    assert (labels[~filling] != IGNORED).any(1).all()
