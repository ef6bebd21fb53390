"""One order for any number of ranks, workers and batch sizes; a resume that loses and repeats nothing."""

import json
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from feed_runs import delivered, samples
from hypothesis import given, settings
from hypothesis import strategies as st
from sequence_tables import append, packed_rows

from training.feed.errors import FeedMisuseError
from training.feed.opening import open_feed
from training.feed.order import Shuffle

SHUFFLE = Shuffle(8, 4)
ROWS = 333


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, packed_rows(ROWS - 33), files=3)
    append(folder, packed_rows(40, first=5000, split="heldout"))
    append(folder, packed_rows(33, first=ROWS - 33))
    return str(folder)


def feeds(lake, ranks, batch, **options):
    settings = {"epochs": 2, "shuffle": SHUFFLE, "prefetch": 0} | options
    return [
        open_feed(lake, "causal", global_batch_size=batch, rank=rank, ranks=ranks, **settings) for rank in range(ranks)
    ]


@cache
def whole(lake, epochs=2):
    """All samples, one by one."""
    return delivered(feeds(lake, 1, 1, epochs=epochs))[0]


def test_each_epoch_holds_every_row_of_the_split_once_in_an_order_of_its_own(lake):
    rows = [(epoch, row) for _, epoch, row, _ in whole(lake)]
    assert sorted(rows) == [(epoch, row) for epoch in range(2) for row in range(ROWS)]
    assert [row for epoch, row in rows if epoch == 0] != [row for epoch, row in rows if epoch == 1]


def test_each_row_comes_with_its_own_ids(lake):
    ids = {row: ids for _, _, row, ids in whole(lake)}
    assert all(ids[row] == found for _, _, row, found in whole(lake))
    assert {int(np.frombuffer(found, "<u2")[0]) - 2 for found in ids.values()} == set(range(ROWS))


@pytest.mark.parametrize("workers", range(5))
@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 6, 8])
def test_the_order_is_the_same_for_any_number_of_ranks_and_workers(lake, ranks, workers):
    found, _ = delivered(feeds(lake, ranks, 24), max(1, workers))
    assert found == whole(lake)[: 2 * ROWS // 24 * 24]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_job_that_is_killed_again_and_again_gets_every_sample_once(lake, data):
    found, state = [], None
    for _ in range(data.draw(st.integers(1, 4), "kills")):
        ranks, workers, each = (data.draw(st.integers(1, 4), name) for name in ("ranks", "workers", "rank batch"))
        steps = data.draw(st.integers(0, 20), "steps")
        got, state = delivered(feeds(lake, ranks, ranks * each, state=state), workers, steps)
        found += got
        state = json.loads(json.dumps(state))
    rest, _ = delivered(feeds(lake, 2, 6, state=state, tail="pad"))
    assert found + rest == whole(lake)


def test_a_state_is_small_and_counts_samples_of_the_whole_job(lake):
    (feed,) = feeds(lake, 1, 10)
    for _, batch in zip(range(3), feed, strict=False):
        assert feed.state()["samples"] == batch.samples
    assert feed.state()["samples"] == 30
    assert len(json.dumps(feed.state())) < 1024


def test_iterating_again_goes_on(lake):
    (feed,) = feeds(lake, 1, 100)
    first = samples(next(iter(feed)))
    rest = [sample for batch in feed for sample in samples(batch)]
    assert first + rest == whole(lake)[:600]
    assert list(feed) == []


def test_without_epochs_there_is_always_a_next_batch(lake):
    (feed,) = feeds(lake, 1, 100, epochs=None)
    taken = [batch for _, batch in zip(range(20), feed, strict=False)]
    assert max(epoch for batch in taken for epoch in batch.epoch) == 2000 // ROWS
    with pytest.raises(TypeError, match="no end"):
        len(feed)


def test_the_last_samples_are_dropped_or_filled_up(lake):
    dropped, _ = delivered(feeds(lake, 4, 100, epochs=1))
    assert dropped == whole(lake)[:300]
    filled = feeds(lake, 4, 100, epochs=1, tail="pad")
    last = [list(feed.batches())[-1] for feed in filled]
    assert [len(samples(batch)) for batch in last] == [25, 8, 0, 0]
    assert all(len(batch.ids) == len(batch.doc_counts) == 25 for batch in last)
    assert (last[1].ids[8:] == filled[0].format.pad_id).all()
    assert (last[1].documents()[8:] == -1).all()
    assert last[0].samples == ROWS


def test_no_shuffle_is_the_order_of_the_table(lake):
    found, _ = delivered(feeds(lake, 2, 2, epochs=1, shuffle=None, tail="pad"))
    assert [row for _, _, row, _ in found] == list(range(ROWS))


def test_without_documents_ids_are_the_same_and_nothing_else_is_known(lake):
    pairs = zip(*(batches(lake, documents) for documents in (True, False)), strict=True)
    for whole, ids_alone in pairs:
        assert (whole.ids == ids_alone.ids).all()
        assert (whole.row == ids_alone.row).all()
        with pytest.raises(FeedMisuseError, match="documents=False"):
            ids_alone.cu_seqlens()


def batches(lake, documents):
    return list(feeds(lake, 1, 30, documents=documents, tail="pad" if documents else "drop", epochs=1)[0])[:11]


def test_a_thread_ahead_changes_nothing(lake):
    assert delivered(feeds(lake, 2, 24, prefetch=2), 2)[0] == whole(lake)[: 2 * ROWS // 24 * 24]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"seed": 9}, "seed 0, this feed 9"),
        ({"shuffle": Shuffle(4, 4)}, "shuffle"),
        ({"split": "heldout"}, "split train, this feed heldout"),
        ({"version": 1}, "version 2 of .*this feed of version 1"),
    ],
)
def test_a_state_of_another_order_is_refused(lake, options, named):
    _, state = delivered(feeds(lake, 1, 10), steps=2)
    with pytest.raises(FeedMisuseError, match=named):
        feeds(lake, 1, 10, state=state, **options)


def test_a_table_made_anew_in_the_same_place_is_refused(tmp_path):
    append(tmp_path / "one", packed_rows(20))
    append(tmp_path / "two", packed_rows(20))
    _, state = delivered(feeds(str(tmp_path / "one"), 1, 2), steps=2)
    with pytest.raises(FeedMisuseError, match="another table with the same name and version"):
        feeds(str(tmp_path / "two"), 1, 2, state=state)


def test_appended_rows_join_with_the_next_epoch_where_that_is_wanted(tmp_path):
    append(tmp_path, packed_rows(50))
    first, state = delivered(feeds(str(tmp_path), 1, 10, epochs=None), steps=2)
    append(tmp_path, packed_rows(30, first=50))
    unchanged, _ = delivered(feeds(str(tmp_path), 1, 10, epochs=None, state=state), steps=1)
    grown = {"epochs": 3, "state": state, "version": 1, "on_new_version": "next_epoch"}
    rest, later = delivered(feeds(str(tmp_path), 2, 10, **grown), steps=10)
    assert rest[:10] == unchanged
    found = [(epoch, row) for _, epoch, row, _ in first + rest]
    assert sorted(found[:50]) == [(0, row) for row in range(50)]
    new_rows = {ids for _, epoch, _, ids in (first + rest)[50:]} - {ids for *_, ids in (first + rest)[:50]}
    assert len(new_rows) > 0
    again, _ = delivered(feeds(str(tmp_path), 1, 10, epochs=3, state=later))
    assert sorted(found[50:] + [(epoch, row) for _, epoch, row, _ in again]) == [
        (epoch, row) for epoch in (1, 2) for row in range(80)
    ]


def test_a_version_that_lost_files_is_no_continuation(tmp_path):
    append(tmp_path, packed_rows(50))
    _, state = delivered(feeds(str(tmp_path), 1, 10), steps=2)
    append(tmp_path, packed_rows(60), mode="overwrite")
    with pytest.raises(FeedMisuseError, match="1 files of it are gone"):
        feeds(str(tmp_path), 1, 10, state=state, version=1, on_new_version="next_epoch")


def test_a_batch_that_ranks_cannot_share_is_refused(lake):
    with pytest.raises(FeedMisuseError, match="a step of 10 samples cannot be shared by 3 ranks"):
        feeds(lake, 3, 10)
    with pytest.raises(FeedMisuseError, match="batch_size"):
        open_feed(lake, "causal")


def test_what_is_no_state_is_refused(lake):
    with pytest.raises(FeedMisuseError, match="no state of a feed"):
        feeds(lake, 1, 10, state={"format": 1, "order": 1})
    with pytest.raises(FeedMisuseError, match="order 2, this version of tokenlake 1"):
        feeds(lake, 1, 10, state={"format": 1, "order": 2})


def test_the_feed_works_without_torch_spark_and_pydantic(lake):
    program = (
        "import sys\nfrom training.feed.opening import open_feed\n"
        "feed = open_feed(sys.argv[1], 'causal', batch_size=2, epochs=1)\n"
        "batch = next(iter(feed)); batch.cu_seqlens(), batch.positions(), feed.state()\n"
        "print({'torch', 'pyspark', 'pysail', 'pydantic', 'numba', 'pandas'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program, lake], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
