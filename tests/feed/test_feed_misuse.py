"""What a caller gets wrong is refused by name, before a loop over nothing or over other samples begins."""

import json

import numpy as np
import pytest
from sequence_tables import append, packed_rows

from pipelines.errors import MissingPathError
from training.feed.errors import FeedMisuseError
from training.feed.opening import open_feed
from training.feed.order import Shuffle


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, packed_rows(21))
    return str(folder)


@pytest.fixture(scope="module")
def state(lake):
    feed = open_feed(lake, "causal", batch_size=2, seed=7)
    next(iter(feed))
    return feed.state()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": "8"}, "batch_size is '8'"),
        ({"ranks": 0}, "ranks is 0"),
        ({"rank": "0"}, "rank is '0'"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"version": -1}, "version is -1"),
        ({"version": "0"}, "version is '0'"),
        ({"shuffle": (1, 1)}, r"give Shuffle\("),
        ({"on_new_version": "later"}, "say refuse or next_epoch"),
        ({"batch_size": 22, "epochs": 1}, "have 21 samples, fewer than the 22 of a step"),
    ],
)
def test_an_argument_that_means_nothing_is_named(lake, given, said):
    with pytest.raises(FeedMisuseError, match=said):
        open_feed(lake, "causal", **({"batch_size": 2} | given))


@pytest.mark.parametrize("numbers", [(1.5, 2), ("8", 1)])
def test_a_shuffle_takes_whole_numbers(numbers):
    with pytest.raises(FeedMisuseError, match="block_rows"):
        Shuffle(*numbers)


def test_a_version_beyond_all_numbers_of_versions_is_missing(lake):
    with pytest.raises(MissingPathError, match="its newest is 0"):
        open_feed(lake, "causal", 2**70, batch_size=2)


def test_whole_numbers_of_numpy_are_taken_and_go_into_the_state(lake):
    feed = open_feed(lake, "causal", batch_size=np.int64(2), seed=np.int32(7), epochs=np.int64(1))
    assert json.loads(json.dumps(feed.state()))["seed"] == 7


@pytest.mark.parametrize(
    "change",
    [{"samples": -1}, {"samples": 1.5}, {"samples": "8"}, {"seed": None}, {"sources": []}, {"sources": [["x", []]]}],
)
def test_a_state_changed_by_hand_is_refused(lake, state, change):
    with pytest.raises(FeedMisuseError, match=r"state of a feed|the state: "):
        open_feed(lake, "causal", batch_size=2, seed=7, state=state | change)


def test_a_state_beyond_the_last_epoch_is_refused_and_one_at_its_end_has_no_batches(lake, state):
    with pytest.raises(FeedMisuseError, match="22 samples done, all epochs have 21: give more epochs"):
        open_feed(lake, "causal", batch_size=1, seed=7, epochs=1, state=state | {"samples": 22})
    assert not list(open_feed(lake, "causal", batch_size=1, seed=7, epochs=1, state=state | {"samples": 21}))


@pytest.mark.parametrize("what", ["", "text", [1]])
def test_what_is_no_dictionary_is_no_state(lake, state, what):
    with pytest.raises(FeedMisuseError, match="no state of a feed"):
        open_feed(lake, "causal", batch_size=2, seed=7, state=json.dumps(state) if what == "text" else what)


def test_rows_of_padding_are_no_samples_of_the_state(lake):
    feed = open_feed(lake, "causal", batch_size=4, epochs=1, tail="pad")
    last = [batch.samples for batch in feed][-1]
    assert feed.state()["samples"] == last == 21


def test_more_epochs_after_a_padded_step_give_every_row_as_often(lake):
    first = open_feed(lake, "causal", batch_size=4, epochs=1, tail="pad")
    rows = [row for batch in first for row in batch.row[batch.source >= 0].tolist()]
    more = open_feed(lake, "causal", batch_size=1, epochs=2, state=first.state())
    assert sorted(rows) == sorted(row for batch in more for row in batch.row.tolist()) == list(range(21))
