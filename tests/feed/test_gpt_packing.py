"""A batch of packed documents trains a model as each document alone would, and no document reaches another."""

import shutil

import numpy as np
import pytest
import torch
from sequence_tables import CAUSAL, append, packed_rows

from training.feed.opening import open_feed
from training.feed.torch_batches import IGNORED, torch_batch
from training.feed_check.gpt import GPT, Size, block_mask, dense_mask
from training.feed_check.packing import is_independent, packed_and_alone

TOLERANCE = 2e-6
"""Of logits below 1 in float32, whose sums are in another order: 16 units in the last place."""

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")

MASKS = pytest.mark.parametrize("mask_of", [dense_mask, block_mask], ids=["sdpa", "flex_attention"])


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    rows = packed_rows(24, described=CAUSAL)
    append(root, rows)
    feed = open_feed(str(root), "causal", batch_size=4, epochs=1, seed=3)
    return next(iter(feed))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return GPT(Size(vocabulary=1 << 16, width=32, heads=2, blocks=2)).requires_grad_(False)


@MASKS
def test_packed_documents_give_the_logits_and_loss_of_each_alone(model, batch, mask_of):
    found = packed_and_alone(model, torch_batch(batch), mask_of)
    assert found.scale > 0.1
    assert found.logits < TOLERANCE
    assert found.loss < 1e-6


@MASKS
def test_a_change_in_one_document_leaves_the_logits_of_others_equal_to_the_bit(model, batch, mask_of):
    assert is_independent(model, torch_batch(batch), mask_of)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_model_gives_the_same_with_flex_attention(batch):
    torch.manual_seed(0)
    small = GPT(Size(vocabulary=1 << 16, width=32, heads=2, blocks=1)).requires_grad_(False)
    found = packed_and_alone(small, torch_batch(batch), block_mask, torch.compile(small))
    assert found.logits < TOLERANCE


def test_a_mask_of_causality_alone_is_noticed(model, batch):
    def causal(segments):
        return dense_mask(torch.zeros_like(segments))

    assert packed_and_alone(model, torch_batch(batch), causal).logits > 100 * TOLERANCE
    assert not is_independent(model, torch_batch(batch), causal)


def test_targets_are_the_next_ids_of_the_same_document_and_nothing_else(batch):
    expected = []
    documents = iter(batch.doc_lengths.tolist())
    for row, count in zip(batch.ids.astype(int), batch.doc_counts.tolist(), strict=True):
        lengths = [next(documents) for _ in range(count)]
        of_row = np.full(len(row), IGNORED)
        start = 0
        for length in lengths:
            of_row[start : start + length - 1] = row[start + 1 : start + length]
            start += length
        expected.append(of_row)
    assert torch_batch(batch).targets().tolist() == np.array(expected).tolist()


def test_both_masks_let_the_same_tokens_see_each_other(batch):
    segments = torch_batch(batch).segments()
    row = torch.arange(segments.shape[1])
    allowed = block_mask(segments).mask_mod
    dense = dense_mask(segments)[:, 0]
    for number in range(len(segments)):
        assert torch.equal(allowed(number, 0, row[:, None], row[None]), dense[number])
