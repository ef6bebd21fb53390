"""Ranks as real processes: one order of batches, as many collectives on each, also where batches are left over."""

import pytest
from pair_tables import PAIRS, pair_rows
from rank_processes import run_ranks
from sequence_tables import append

from training.feed.opening_translation import open_translation
from training.feed.order import Shuffle

ROWS = 301


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, pair_rows(ROWS), "pairs", PAIRS, files=2)
    return str(folder)


def gathered(rank, ranks, lake, options, steps=None):
    """The rows of each batch of the job in order, and the state; each step is one collective of all ranks."""
    import torch.distributed as dist

    wanted = {"tokens": 150, "epochs": 1, "shuffle": Shuffle(16, 4)} | options
    feed = open_translation(lake, "pairs", rank=rank, ranks=ranks, **wanted)
    found = []
    for number, batch in enumerate(feed, start=1):
        parts = [None] * ranks
        dist.all_gather_object(parts, batch.row.tolist())
        found += parts
        if number == steps:
            break
    return found, feed.state()


@pytest.mark.parametrize("tail", ["drop", "pad"])
def test_one_to_four_ranks_see_the_same_batches_and_end_together(lake, tmp_path, tail):
    [(alone, _)] = run_ranks(gathered, 1, tmp_path, lake, {})
    for ranks in (2, 3, 4):
        left = len(alone) % ranks
        wanted = alone[: len(alone) - left] if tail == "drop" else alone + [[]] * (-len(alone) % ranks)
        results = run_ranks(gathered, ranks, tmp_path, lake, {"tail": tail})
        assert [found for found, _ in results] == [wanted] * ranks
        assert len({str(state) for _, state in results}) == 1


def test_a_job_goes_on_with_other_ranks_and_another_budget(lake, tmp_path):
    first, state = run_ranks(gathered, 3, tmp_path, lake, {}, 5)[0]
    rest, _ = run_ranks(gathered, 2, tmp_path, lake, {"tokens": 90, "tail": "pad", "state": state})[0]
    assert sorted(row for batch in first + rest for row in batch) == list(range(ROWS))
