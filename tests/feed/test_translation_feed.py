"""One order of batches for any number of ranks and workers; a resume that loses and repeats no pair."""

import json
import pickle
from functools import cache
from itertools import zip_longest

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_tables import PAIRS, SIDE, pair_rows
from sequence_tables import CAUSAL, append, packed_rows

from training.feed.buckets import Budget, Taken
from training.feed.errors import FeedError, FeedMisuseError
from training.feed.opening import open_feed
from training.feed.opening_translation import open_translation
from training.feed.order import Shuffle
from training.feed.translation_batch import Place
from training.feed.translation_feed import Figures

SHUFFLE = Shuffle(16, 4)
ROWS = 333
EPOCHS = 2
TOKENS = 120


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, pair_rows(ROWS - 33), "pairs", PAIRS, files=3)
    append(folder, pair_rows(40, first=5000, split="heldout"), "pairs", PAIRS)
    append(folder, pair_rows(33, first=ROWS - 33), "pairs", PAIRS)
    append(folder, packed_rows(8), "causal", CAUSAL)
    return str(folder)


def feeds(lake, ranks=1, **options):
    wanted = {"tokens": TOKENS, "epochs": EPOCHS, "shuffle": SHUFFLE, "prefetch": 0, "tail": "pad"} | options
    return [open_translation(lake, "pairs", rank=rank, ranks=ranks, **wanted) for rank in range(ranks)]


def pairs_of(batch):
    """(epoch, row, source ids, target ids) of each pair."""
    whole = (batch.sources(), batch.targets())
    columns = zip(batch.epoch.tolist(), batch.row.tolist(), batch.source_lengths, batch.target_lengths, strict=True)
    return [
        (epoch, row, tuple(whole[0][place, :source].tolist()), tuple(whole[1][place, :target].tolist()))
        for place, (epoch, row, source, target) in enumerate(columns)
    ]


def delivered(feeds, workers=1, steps=None):
    """Batches, each a list of pairs, in the order of the job: step by step, rank by rank; and the state then."""
    by_rank = [_of_rank(feed, workers, steps) for feed in feeds]
    found, state = [], feeds[0].state()
    for batches in zip_longest(*by_rank):
        assert all(batch is not None for batch in batches), "a rank has fewer steps than another"
        assert len({(batch.step, batch.place) for batch in batches}) == 1
        assert all(batch.padded <= batch.budget.tokens for batch in batches)
        found += [pairs_of(batch) for batch in batches]
        state = feeds[0].state(batches[0].place)
    return found, state


def _of_rank(feed, workers, steps):
    made = [feed.batches(worker, workers) for worker in range(workers)]
    step = 0
    while steps is None or step < steps:
        batch = next(made[step % workers], None)
        if batch is None:
            return
        assert batch.step == step
        yield batch
        step += 1


@cache
def whole(lake, tokens=TOKENS):
    return delivered(feeds(lake, tokens=tokens))[0]


def all_pairs(lake):
    return sorted((epoch, row) for epoch in range(EPOCHS) for row in range(ROWS))


def named(batches):
    return sorted((epoch, row) for batch in batches for epoch, row, *_ in batch)


def test_each_epoch_holds_every_pair_of_the_split_once(lake):
    assert named(whole(lake)) == all_pairs(lake)


def test_no_pair_is_cut_and_each_comes_with_its_own_ids(lake):
    numbers = set()
    for batch in whole(lake):
        for _, _, source, target in batch:
            assert source[-1] == target[-1] == PAIRS.separator_id
            assert PAIRS.separator_id not in (*source[:-1], *target[:-1])
            assert source[0] == target[0]
            numbers.add(source[0] - 2)
    assert numbers == set(range(ROWS))


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 8])
def test_the_order_of_batches_is_the_same_for_any_number_of_ranks_and_workers(lake, ranks, workers):
    found, _ = delivered(feeds(lake, ranks), workers)
    filled = len(found) - len(whole(lake))
    assert 0 <= filled < ranks
    assert found == whole(lake) + [[]] * filled


def test_the_last_step_is_dropped_where_it_does_not_give_every_rank_a_batch(lake):
    ranks = next(each for each in range(2, 20) if len(whole(lake)) % each)
    found, _ = delivered(feeds(lake, ranks, tail="drop"))
    assert found == whole(lake)[: len(whole(lake)) // ranks * ranks]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(24, 300), st.integers(1, 4), st.integers(0, 12)),
        max_size=4,
    ),
    st.integers(1, 4),
)
def test_a_job_killed_at_any_step_goes_on_with_any_ranks_workers_and_budget(lake, runs, last_ranks):
    found, state = [], None
    for ranks, workers, tokens, multiple, steps in runs:
        least = -(-SIDE // multiple) * multiple * 2
        options = {"tokens": max(tokens, least), "multiple": multiple, "state": state}
        batches, state = delivered(feeds(lake, ranks, **options), workers, steps)
        found += batches
    batches, _ = delivered(feeds(lake, last_ranks, state=state))
    assert named(found + batches) == all_pairs(lake)


def test_with_one_budget_a_resume_goes_on_with_the_same_batches(lake):
    for steps in range(0, len(whole(lake)), 7):
        first, state = delivered(feeds(lake), steps=steps)
        assert len(json.dumps(state)) < 1024
        rest, _ = delivered(feeds(lake, 2, state=json.loads(json.dumps(state))))
        assert first + [batch for batch in rest if batch] == whole(lake)


def test_iterating_goes_on_where_it_stopped_and_the_state_follows(lake):
    [feed] = feeds(lake)
    taken = [pairs_of(next(iter(feed))) for _ in range(11)]
    assert taken == whole(lake)[:11]
    rest = [pairs_of(batch) for batch in feeds(lake, state=feed.state())[0]]
    assert taken + rest == whole(lake)


def test_a_feed_can_be_pickled_and_read_ahead(lake):
    [feed] = feeds(lake, prefetch=2)
    assert [pairs_of(batch) for batch in pickle.loads(pickle.dumps(feed))] == whole(lake)


def test_languages_come_with_each_pair(lake):
    [feed] = feeds(lake)
    for batch in feed:
        numbers = batch.sources()[:, 0].astype(int) - 2
        wanted = [b"en" if number % 3 else b"de" for number in numbers]
        assert batch.source_languages.tolist() == wanted
        assert batch.target_languages.tolist() == [{b"en": b"de", b"de": b"en"}[each] for each in wanted]


def test_another_seed_or_epoch_makes_other_batches(lake):
    other, _ = delivered(feeds(lake, seed=1))
    assert other != whole(lake)
    of_epoch = [[batch for batch in whole(lake) if batch[0][0] == epoch] for epoch in range(EPOCHS)]
    rows = [[sorted(row for _, row, *_ in batch) for batch in each] for each in of_epoch]
    assert rows[0] != rows[1]


def test_sides_are_padded_to_a_multiple(lake):
    [feed] = feeds(lake, multiple=4)
    for batch in feed:
        assert batch.sources().shape[1] % 4 == batch.targets().shape[1] % 4 == 0
        assert batch.padded == batch.sources().size + batch.targets().size


def test_a_budget_below_the_longest_pair_of_the_format_is_refused(lake):
    with pytest.raises(FeedMisuseError, match="a pair may have up to 24 tokens, a batch 23: give tokens=24 or more"):
        feeds(lake, tokens=23)
    with pytest.raises(FeedMisuseError, match="up to 32 tokens, a batch 24"):
        feeds(lake, tokens=24, multiple=8)


def test_a_table_of_another_objective_is_refused_by_name(lake):
    with pytest.raises(FeedMisuseError, match="sequences_causal, version 0: its rows are for the objective causal"):
        open_translation(lake, "causal", tokens=100)


def test_a_state_of_another_feed_is_refused(lake):
    state = open_feed(lake, "causal", batch_size=1).state()
    with pytest.raises(FeedMisuseError, match="no state of a feed of translation: KeyError"):
        feeds(lake, state=state)
    [feed] = feeds(lake)
    other = feed.state() | {"translation": {"buckets": 99, "taken": []}}
    with pytest.raises(FeedMisuseError, match="the state has buckets 99"):
        feeds(lake, state=other)
    with pytest.raises(FeedMisuseError, match="the state has seed 0, this feed 5"):
        feeds(lake, state=feed.state(), seed=5)


def test_a_budget_that_changes_too_often_in_a_window_is_refused_before_the_state_grows_too_large(lake):
    [feed] = feeds(lake)
    changes = tuple(Taken(Budget(4096 + number), 999) for number in range(90))
    assert len(json.dumps(feed.state(Place(10**12, changes[:30])))) < 1024
    with pytest.raises(FeedMisuseError, match="the budget was changed 90 times within one window"):
        feed.state(Place(10**12, changes))


def test_appended_pairs_join_with_the_next_epoch(tmp_path):
    append(tmp_path, pair_rows(100), "pairs", PAIRS)
    first, state = delivered(feeds(str(tmp_path), version=0), steps=2)
    append(tmp_path, pair_rows(50, first=100), "pairs", PAIRS)
    with pytest.raises(FeedMisuseError, match="the state is of version 0"):
        feeds(str(tmp_path), version=1, state=state)
    rest, _ = delivered(feeds(str(tmp_path), version=1, state=state, on_new_version="next_epoch"))
    by_epoch = [[], []]
    for epoch, row in named(first + rest):
        by_epoch[epoch].append(row)
    assert by_epoch[0] == list(range(100))
    assert len(by_epoch[1]) == len(set(by_epoch[1])) == 150


def test_a_row_that_is_no_pair_is_named(tmp_path):
    rows = pair_rows(10)
    lengths = rows["doc_lengths"].to_pylist()
    lengths[4] = [sum(lengths[4])]
    field = rows.schema.field("doc_lengths")
    broken = rows.set_column(rows.schema.get_field_index(field.name), field, [pa.array(lengths, field.type)])
    append(tmp_path, broken, "pairs", PAIRS)
    with pytest.raises(FeedError, match="row 4 has 1 sides, a pair has two"):
        delivered(feeds(str(tmp_path)))


@pytest.mark.parametrize("multiple", [1, 4])
def test_padding_is_counted_as_it_is(lake, multiple):
    [feed] = feeds(lake, tokens=200, epochs=1, multiple=multiple)
    batches = list(feed)
    tokens, padded = (sum(getattr(batch, name) for batch in batches) for name in ("tokens", "padded"))
    assert tokens == sum(int(np.sum(batch.source_lengths + batch.target_lengths)) for batch in batches)
    assert padded == sum(batch.sources().size + batch.targets().size for batch in batches)
    assert feed.figures() == Figures(len(batches), ROWS, tokens, padded)
    [later] = feeds(lake, tokens=200, epochs=1, multiple=multiple, state=feed.state(batches[6].place))
    assert later.figures().batches == len(batches) - 7
    with pytest.raises(FeedMisuseError, match="no end: give epochs"):
        feeds(lake, epochs=None)[0].figures()
