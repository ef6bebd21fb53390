"""The edge to torch: what tensors say, and loaders with worker processes."""

import numpy as np
import pytest
import torch
from sequence_tables import CAUSAL, append, packed_rows

from training.feed.errors import FeedMisuseError
from training.feed.examples import examples
from training.feed.opening import open_feed
from training.feed.order import Shuffle
from training.feed.torch_batches import IGNORED, FeedDataset, FeedLoader, torch_batch

WIDE = CAUSAL.__class__(**{**vars(CAUSAL), "id_bits": 32})


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, packed_rows(200), files=2)
    append(folder, packed_rows(50, described=WIDE), name="wide", described=WIDE)
    return str(folder)


def feed(lake, name="causal", **options):
    return open_feed(lake, name, **{"batch_size": 8, "epochs": 1, "shuffle": Shuffle(8, 4)} | options)


@pytest.mark.parametrize("name", ["causal", "wide"])
def test_ids_documents_and_positions_are_those_of_the_batch(lake, name):
    for batch in feed(lake, name):
        tensors = torch_batch(batch)
        assert tensors.token_ids().dtype == torch.int64
        assert np.array_equal(tensors.token_ids().numpy(), batch.ids)
        assert np.array_equal(tensors.positions().numpy(), batch.positions())
        assert np.array_equal(tensors.cu_seqlens.numpy(), batch.cu_seqlens())
        assert tensors.longest == np.diff(batch.cu_seqlens()).max()


def test_ids_beyond_the_signed_range_keep_their_value():
    ids = np.array([[1, 40_000, 65_535]], np.uint16)
    batch = next(iter_of(ids))
    assert torch_batch(batch).token_ids().tolist() == [[1, 40_000, 65_535]]


def iter_of(ids):
    from training.feed.batch import Batch

    none = np.zeros(1, np.int64)
    yield Batch.of(ids, np.array([3], np.int32), np.array([1]), none, none, none, 0, 1)


def test_a_target_is_the_next_id_of_the_same_document(lake):
    for batch in feed(lake):
        documents, ids, targets = batch.documents(), batch.ids, torch_batch(batch).targets().numpy()
        for row in range(len(ids)):
            for place in range(CAUSAL.length):
                is_last = place == CAUSAL.length - 1 or documents[row, place] != documents[row, place + 1]
                wanted = IGNORED if documents[row, place] < 0 or is_last else ids[row, place + 1]
                assert targets[row, place] == wanted


def test_worker_processes_give_the_same_batches_and_the_state_counts_what_was_taken(lake):
    alone = [batch.token_ids() for batch in FeedLoader(feed(lake))]
    loader = FeedLoader(feed(lake), workers=2)
    taken = []
    for batch in loader:
        taken.append(batch.token_ids())
        if len(taken) == 7:
            break
    assert loader.state_dict()["samples"] == 56
    rest = FeedLoader(feed(lake, batch_size=12, state=loader.state_dict()), workers=1)
    found = torch.cat([*taken, *(batch.token_ids() for batch in rest)])
    assert torch.equal(found, torch.cat(alone)[: len(found)])
    assert len(found) == 200


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loop_that_was_left_goes_on_in_the_next_one_and_a_whole_one_begins_anew(lake, workers):
    loader = FeedLoader(feed(lake), workers=workers)
    first = [batch.step for batch, _ in zip(loader, range(3), strict=False)]
    assert first + [batch.step for batch in loader] == [0, 1, 2, *range(4, 25)]  # zip has taken one more
    assert [batch.step for batch in loader] == list(range(25))


def test_workers_that_would_outlive_a_loop_are_refused(lake):
    with pytest.raises(FeedMisuseError, match="persistent_workers"):
        FeedLoader(feed(lake), workers=1, persistent_workers=True)


def test_a_worker_of_a_stateful_loader_goes_on_where_it_was(lake):
    first, second = FeedDataset(feed(lake)), FeedDataset(feed(lake))
    batches = iter(first)
    taken = [next(batches).step for _ in range(5)]
    second.load_state_dict(first.state_dict())
    assert taken + [batch.step for batch in second] == list(range(25))


def test_examples_have_the_names_and_labels_of_hugging_face(lake):
    rows = list(examples(feed(lake)))
    assert len(rows) == 200
    batch = next(iter(feed(lake)))
    for number, row in enumerate(rows[:8]):
        documents, positions = batch.documents()[number], batch.positions()[number]
        assert np.array_equal(row["input_ids"], batch.ids[number])
        wanted = np.where((documents >= 0) & (positions > 0), batch.ids[number].astype(np.int64), IGNORED)
        assert np.array_equal(row["labels"], wanted)
        assert np.array_equal(row["attention_mask"], documents >= 0)
