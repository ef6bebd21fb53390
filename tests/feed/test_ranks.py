"""Ranks as real processes: one order, as many collectives on each, also where samples are left over."""

import pytest
from rank_processes import run_ranks
from sequence_tables import append, packed_rows

from training.feed.opening import open_feed
from training.feed.order import Shuffle

ROWS = 301


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, packed_rows(ROWS), files=2)
    return str(folder)


def gathered(rank, ranks, lake, options):
    """All samples of the job, as rank 0 sees them: each step is one collective of all ranks."""
    import torch
    import torch.distributed as dist

    feed = open_feed(lake, "causal", rank=rank, ranks=ranks, epochs=1, shuffle=Shuffle(8, 4), **options)
    found, steps = [], 0
    for batch in feed:
        mine = torch.stack([torch.from_numpy(batch.row), torch.from_numpy(batch.source)])
        parts = [torch.empty_like(mine) for _ in range(ranks)]
        dist.all_gather(parts, mine)
        rows = torch.cat(parts, 1)
        found += rows[0][rows[1] >= 0].tolist()
        steps += 1
    return found, steps, feed.state()


@pytest.mark.parametrize("tail", ["drop", "pad"])
def test_one_to_four_ranks_see_the_same_samples_and_end_together(lake, tmp_path, tail):
    options = {"global_batch_size": 12, "tail": tail}
    alone, steps, state = gathered_alone(lake, tmp_path, options)
    assert steps == (ROWS // 12 if tail == "drop" else -(-ROWS // 12))
    for ranks in (2, 3, 4):
        for found in run_ranks(gathered, ranks, tmp_path, lake, options):
            assert found == (alone, steps, state)


def gathered_alone(lake, folder, options):
    return run_ranks(gathered, 1, folder, lake, options)[0]


def test_a_job_goes_on_with_other_ranks(lake, tmp_path):
    whole, _, _ = gathered_alone(lake, tmp_path, {"global_batch_size": 1})
    first = run_ranks(ten_steps, 3, tmp_path, lake)[0]
    rest = run_ranks(gathered, 2, tmp_path, lake, {"global_batch_size": 8, "tail": "pad", "state": first[1]})[0][0]
    assert first[0] + rest == whole


def ten_steps(rank, ranks, lake):
    import torch
    import torch.distributed as dist

    feed = open_feed(lake, "causal", rank=rank, ranks=ranks, batch_size=4, epochs=1, shuffle=Shuffle(8, 4))
    found = []
    for _, batch in zip(range(10), feed, strict=False):
        parts = [torch.empty(4, dtype=torch.int64) for _ in range(ranks)]
        dist.all_gather(parts, torch.from_numpy(batch.row))
        found += torch.cat(parts).tolist()
    return found, feed.state()
