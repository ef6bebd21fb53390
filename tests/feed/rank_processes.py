"""Real processes with gloo, one for each rank of a job."""

import traceback
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

TIMEOUT = 60  # seconds


def run_ranks(function, ranks, folder, *arguments):
    """What `function(rank, ranks, *arguments)` returns in each of `ranks` processes, which are a gloo group.

    `folder` holds the file through which they meet. Raises AssertionError with the traceback of a process that failed.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(["torch", "torch.distributed", "training.feed.torch_batches"])
    results = context.SimpleQueue()
    meeting = Path(folder) / f"meeting-{ranks}"
    meeting.unlink(missing_ok=True)
    processes = [
        context.Process(target=_run, args=(function, rank, ranks, str(meeting), arguments, results))
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    found = dict(results.get() for _ in processes)
    for process in processes:
        process.join(TIMEOUT)
        assert process.exitcode == 0, f"a rank ended with {process.exitcode}"
    failed = [said for is_right, said in found.values() if not is_right]
    assert not failed, failed[0]
    return [found[rank][1] for rank in range(ranks)]


def _run(function, rank, ranks, meeting, arguments, results):
    import torch.distributed as dist

    try:
        dist.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=rank, world_size=ranks, timeout=timedelta(seconds=TIMEOUT)
        )
        results.put((rank, (True, function(rank, ranks, *arguments))))
        dist.destroy_process_group()
    except BaseException:
        results.put((rank, (False, traceback.format_exc())))
