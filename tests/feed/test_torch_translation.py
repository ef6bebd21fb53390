"""The edge to torch for sentence pairs: shifted targets, masks, loaders with worker processes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pair_tables import PAIRS, pair_rows
from sequence_tables import append

from training.feed.opening_translation import open_translation
from training.feed.order import Shuffle
from training.feed.torch_batches import IGNORED
from training.feed.torch_translation import TranslationDataset, TranslationLoader, torch_translation


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, pair_rows(200), "pairs", PAIRS, files=2)
    return str(folder)


def feed(lake, **options):
    return open_translation(lake, "pairs", **{"tokens": 150, "epochs": 1, "shuffle": Shuffle(16, 4)} | options)


def tensors(batch):
    return torch_translation(batch, PAIRS.separator_id)


def test_the_decoder_sees_the_separator_and_all_but_the_last_id_and_shall_say_the_target(lake):
    for batch in feed(lake):
        made, targets = tensors(batch), batch.targets().astype(np.int64)
        inputs, labels = made.decoder_input().numpy(), made.labels().numpy()
        for row, length in enumerate(batch.target_lengths.tolist()):
            assert inputs[row, :length].tolist() == [PAIRS.separator_id, *targets[row, : length - 1]]
            assert labels[row, :length].tolist() == targets[row, :length].tolist()
            assert (labels[row, length:] == IGNORED).all()


def test_masks_tell_ids_from_padding_and_ids_are_whole_numbers(lake):
    for batch in feed(lake, multiple=4):
        made = tensors(batch)
        assert made.source_ids().dtype == made.decoder_input().dtype == torch.int64
        assert np.array_equal(made.source_ids().numpy(), batch.sources())
        assert made.source_mask().sum(1).tolist() == batch.source_lengths.tolist()
        assert made.target_mask().sum(1).tolist() == batch.target_lengths.tolist()
        assert (made.source_ids()[~made.source_mask()] == PAIRS.pad_id).all()
        assert set(made.source_languages) <= {"en", "de"}


def test_ids_beyond_the_signed_range_keep_their_value(lake):
    largest = max(int(batch.sources().max()) for batch in feed(lake))
    assert largest > 40_000
    assert max(int(tensors(batch).source_ids().max()) for batch in feed(lake)) == largest


def test_a_rank_without_a_batch_in_the_last_step_gets_an_empty_one(lake):
    ranks = next(each for each in range(2, 9) if len(list(feed(lake))) % each)
    *_, last = feed(lake, rank=ranks - 1, ranks=ranks, tail="pad")
    made = tensors(last)
    assert made.source.shape[0] == made.labels().shape[0] == last.pairs == last.tokens == 0
    assert len(made.decoder_input()) == 0


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_the_feeds_batches_and_the_state_after_the_last_that_was_taken(lake, workers):
    wanted = [batch.row.tolist() for batch in feed(lake)]
    sources = [batch.sources().tolist() for batch in feed(lake)]
    loader = TranslationLoader(feed(lake), workers)
    taken = []
    for batch in loader:
        taken.append(batch.source_ids().tolist())
        if len(taken) == 5:
            break
    assert taken == sources[:5]
    rest = feed(lake, state=loader.state_dict(), ranks=1)
    assert [batch.row.tolist() for batch in rest] == wanted[5:]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loop_that_was_left_goes_on_in_the_next_one(lake, workers):
    steps = [batch.step for batch in feed(lake)]
    loader = TranslationLoader(feed(lake), workers=workers)
    left = next(iter(loader)).step
    assert [left, *(batch.step for batch in loader)] == steps


def test_a_dataset_goes_on_from_its_own_state(lake):
    first = TranslationDataset(feed(lake))
    items = iter(first)
    taken = [next(items).source_ids().tolist() for _ in range(4)]
    later = TranslationDataset(feed(lake))
    later.load_state_dict(first.state_dict())
    assert taken + [batch.source_ids().tolist() for batch in later] == [each.sources().tolist() for each in feed(lake)]


class SmallTranslator(torch.nn.Module):
    """An encoder and a decoder, with the masks that a batch gives."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(1 << 16, 16)
        self.place = torch.nn.Embedding(64, 16)
        self.transformer = torch.nn.Transformer(16, 2, 1, 1, 32, dropout=0, batch_first=True)
        self.output = torch.nn.Linear(16, 64)

    def forward(self, batch):
        sides = batch.source_ids(), batch.decoder_input()
        source, target = (self.embedding(ids) + self.place(torch.arange(ids.shape[1])) for ids in sides)
        causal = torch.triu(torch.full((target.shape[1],) * 2, float("-inf")), 1)
        hidden = torch.zeros_like(batch.source_mask(), dtype=torch.float32).masked_fill(
            ~batch.source_mask(), float("-inf")
        )
        return self.output(
            self.transformer(
                source, target, tgt_mask=causal, src_key_padding_mask=hidden, memory_key_padding_mask=hidden
            )
        )


def test_a_pair_in_a_batch_has_the_logits_that_it_has_alone(lake):
    """Padding and neighbours change nothing: what the masks are for."""
    torch.manual_seed(0)
    model = SmallTranslator()
    for batch in list(feed(lake, multiple=4))[:3]:
        made = tensors(batch)
        with torch.no_grad():
            together = model(made)
            for row in range(batch.pairs):
                source, target = (int(each[row]) for each in (made.source_lengths, made.target_lengths))
                alone = replace(
                    made,
                    source=made.source[row : row + 1, :source],
                    target=made.target[row : row + 1, :target],
                    source_lengths=made.source_lengths[row : row + 1],
                    target_lengths=made.target_lengths[row : row + 1],
                )
                torch.testing.assert_close(together[row : row + 1, :target], model(alone), rtol=1e-5, atol=1e-5)
