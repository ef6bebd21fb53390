"""Runs feeds of all ranks and workers of a job, and says what it delivered."""

from itertools import zip_longest


def delivered(feeds, workers=1, steps=None):
    """(source, epoch, row, ids) of each sample in the order of the job: step by step, rank by rank.

    `feeds` are those of all ranks; each has `workers`, of which the w-th makes every w-th step. All ranks must take as
    many steps. Stops after `steps`; returns the state then, too.
    """
    by_rank = [_of_rank(feed, workers, steps) for feed in feeds]
    found, state = [], feeds[0].state()
    for batches in zip_longest(*by_rank):
        assert all(batch is not None for batch in batches), "a rank has fewer steps than another"
        assert len({(batch.step, batch.samples) for batch in batches}) == 1
        for batch in batches:
            found += samples(batch)
        state = feeds[0].state(batches[0].samples)
    return found, state


def _of_rank(feed, workers, steps):
    """The batches of a rank in the order in which a loader with workers hands them over."""
    made = [feed.batches(worker, workers) for worker in range(workers)]
    step = 0
    while steps is None or step < steps:
        batch = next(made[step % workers], None)
        if batch is None:
            return
        assert batch.step == step
        yield batch
        step += 1


def samples(batch):
    """(source, epoch, row, ids) of each sample of a batch; without those that only fill it up."""
    columns = (batch.source.tolist(), batch.epoch.tolist(), batch.row.tolist())
    rows = zip(*columns, [ids.tobytes() for ids in batch.ids], strict=True)
    return [row for row in rows if row[0] >= 0]
