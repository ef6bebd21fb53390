"""Mixtures of tables of sentence pairs: weights by tokens, one order of batches, exact resume, a newer plan."""

import numpy as np
import pytest
from pair_tables import PAIRS, pair_rows
from sequence_tables import append

from training.feed.errors import FeedMisuseError
from training.feed.mixture_config import MixtureConfig
from training.feed.mixture_plan import write_plan
from training.feed.mixture_planning import planned
from training.feed.opening_translation import open_translation_mixture
from training.feed.order import Shuffle

SHUFFLE = Shuffle(16, 4)


@pytest.fixture(scope="module")
def lakes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    append(folder / "books", pair_rows(300), "pairs", PAIRS, files=2)
    append(folder / "talks", pair_rows(120, seed=5, longest=6), "pairs", PAIRS)
    return folder


def plan_of(lakes, folder, *weights):
    sources = [
        {"name": name, "lake": str(lakes / name), "table": "pairs", "epochs": epochs}
        for name, epochs in (("books", 2), ("talks", None))
    ]
    phases = [{"from_sample": 300 * n, "weights": each} for n, each in enumerate(weights)]
    config = MixtureConfig(plan=str(folder / "plan"), sources=sources, phases=phases, window=50)
    return write_plan(config.plan, planned(config))


def batches(plan, ranks=1, steps=None, **options):
    """(source, epoch, row) of the pairs of each batch in the order of the job, and the state."""
    wanted = {"tokens": 150, "shuffle": SHUFFLE, "prefetch": 0, "tail": "pad"} | options
    feeds = [open_translation_mixture(plan.location, rank=rank, ranks=ranks, **wanted) for rank in range(ranks)]
    found = []
    for number, step in enumerate(zip(*feeds, strict=True), start=1):
        for each in step:
            assert each.padded <= wanted["tokens"]
            columns = (each.source.tolist(), each.epoch.tolist(), each.row.tolist(), each.source_lengths.tolist())
            found.append(list(zip(*columns, strict=True)))
        if number == steps:
            break
    return found, feeds[0].state()


def test_a_mixture_has_one_order_of_batches_and_the_weights_of_its_plan(lakes, tmp_path):
    plan = plan_of(lakes, tmp_path, {"books": 3, "talks": 1})
    alone, _ = batches(plan)
    pairs = [pair for batch in alone for pair in batch]
    assert sorted(pair[1:3] for pair in pairs if pair[0] == 0) == [
        (epoch, row) for epoch in (0, 1) for row in range(300)
    ]
    tokens = np.bincount([pair[0] for pair in pairs], [pair[3] for pair in pairs])
    assert tokens / tokens.sum() == pytest.approx([0.75, 0.25], abs=0.03)
    for ranks in (2, 3):
        found, _ = batches(plan, ranks)
        assert [batch for batch in found if batch] == alone


def test_a_killed_job_takes_every_pair_once_with_other_ranks_and_another_budget(lakes, tmp_path):
    plan = plan_of(lakes, tmp_path, {"books": 3, "talks": 1})
    whole = sorted(pair for batch in batches(plan)[0] for pair in batch)
    for steps in (1, 4, 9):
        first, state = batches(plan, 2, steps)
        rest, _ = batches(plan, 3, tokens=90, state=state)
        assert sorted(pair for batch in first + rest for pair in batch) == whole


def test_a_newer_plan_may_change_weights_after_the_window_in_progress_only(lakes, tmp_path):
    plan = plan_of(lakes, tmp_path, {"books": 1, "talks": 1})
    first, state = batches(plan, 1, 2)
    late = plan_of(lakes, tmp_path, {"books": 1, "talks": 1}, {"books": 4, "talks": 1})
    rest, _ = batches(late, state=state, version=late.version)
    assert sorted(pair for batch in first + rest for pair in batch) == sorted(
        pair for batch in batches(late)[0] for pair in batch
    )
    state = state | {"samples": 256}  # its window ends at 320, behind the change at 300
    with pytest.raises(FeedMisuseError, match="let new weights begin at sample 320 or later"):
        batches(late, state=state, version=late.version)
