"""A rank that dies: the others get an error soon, and a resume from the last state gives every sample exactly once."""

import json
import os
import signal
import time
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from sequence_tables import append, packed_rows

from training.feed.opening import open_feed
from training.feed.order import Shuffle

ROWS = 301
TIMEOUT = 15  # seconds that a collective may take


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    append(folder, packed_rows(ROWS), files=2)
    return str(folder)


def train(rank, ranks, folder, lake, dies_at):
    """Steps with one collective each and a checkpoint by rank 0; rank 1 is killed in the middle of a step."""
    import torch
    import torch.distributed as dist

    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        rank=rank,
        world_size=ranks,
        timeout=timedelta(seconds=TIMEOUT),
    )
    feed = open_feed(lake, "causal", rank=rank, ranks=ranks, batch_size=4, epochs=1, shuffle=Shuffle(8, 4))
    done = []
    began = time.monotonic()
    try:
        for batch in feed:
            if rank == 1 and batch.step == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            began = time.monotonic()
            parts = [torch.empty(4, dtype=torch.int64) for _ in range(ranks)]
            dist.all_gather(parts, torch.from_numpy(batch.row))
            done += torch.cat(parts).tolist()
            if rank == 0:
                checkpoint = Path(folder, "checkpoint.new")
                checkpoint.write_text(json.dumps({"state": feed.state(), "rows": done}))
                checkpoint.replace(Path(folder, "checkpoint"))
    except RuntimeError as error:
        found = {"waited": time.monotonic() - began, "error": str(error), "step": batch.step}
        Path(folder, f"error-{rank}").write_text(json.dumps(found))
        os._exit(1)


@pytest.mark.parametrize(("ranks", "dies_at", "ranks_after"), [(2, 0, 3), (3, 7, 4)])
def test_a_rank_that_is_killed(lake, tmp_path, ranks, dies_at, ranks_after):
    context = get_context("forkserver")
    context.set_forkserver_preload(["torch", "torch.distributed", "training.feed.torch_batches"])
    processes = [
        context.Process(target=train, args=(rank, ranks, str(tmp_path), lake, dies_at)) for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(TIMEOUT + 45)
    assert [process.exitcode for process in processes] == [
        -signal.SIGKILL if rank == 1 else 1 for rank in range(ranks)
    ]
    for rank in set(range(ranks)) - {1}:
        told = json.loads((tmp_path / f"error-{rank}").read_text())
        assert told["step"] == dies_at
        assert told["waited"] < TIMEOUT + 5
    saved = {"state": None, "rows": []}
    if dies_at:
        saved = json.loads((tmp_path / "checkpoint").read_text())
        assert len(saved["rows"]) == 4 * ranks * dies_at
    rest = [
        row
        for rank in range(ranks_after)
        for batch in resumed(lake, saved["state"], rank, ranks_after)
        for row in batch.row.tolist()
        if row >= 0
    ]
    assert sorted(saved["rows"] + rest) == list(range(ROWS))


def resumed(lake, state, rank, ranks):
    options = {"batch_size": 3, "epochs": 1, "shuffle": Shuffle(8, 4), "tail": "pad"}
    return open_feed(lake, "causal", rank=rank, ranks=ranks, state=state, **options)
