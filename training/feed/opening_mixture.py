"""Opens a feed of a mixture: anew, or where a state says."""

from collections.abc import Mapping
from typing import Any

from training.feed.arguments import whole
from training.feed.cache import Cache, through_cache
from training.feed.errors import FeedMisuseError
from training.feed.feed import Feed
from training.feed.mixture_plan import MixturePlan, read_plan, require_same_until
from training.feed.opening import global_batch, require_a_step, require_same, shuffle_numbers
from training.feed.order import DEFAULT_SHUFFLE, Shuffle
from training.feed.samples import Generation, Samples, Source
from training.feed.state import State
from training.feed.steps import Steps, Tail


def open_mixture(
    plan: str,
    version: int | None = None,
    *,
    batch_size: int | None = None,
    global_batch_size: int | None = None,
    rank: int = 0,
    ranks: int = 1,
    seed: int = 0,
    shuffle: Shuffle | None = DEFAULT_SHUFFLE,
    tail: Tail = "drop",
    state: Mapping[str, Any] | None = None,
    lakes: Mapping[str, str] | None = None,
    prefetch: int = 1,
    cache: Cache | None = None,
    documents: bool = True,
) -> Feed:
    """A feed of a mixture, whose plan `tokenlake mix CONFIG` has made.

    Args:
        plan: location of the plan.
        version: of the plan; by default the state's, else the newest. A newer one than the state's may have other
            weights from a sample on that is not done yet.
        batch_size: samples that a rank takes in a step. Give this or `global_batch_size`.
        global_batch_size: samples that all ranks together take in a step.
        rank: of `ranks`.
        ranks: data-parallel processes.
        seed: of the order.
        shuffle: how far rows of a source move; None: the order of its table.
        tail: what happens to the last samples that do not fill a step.
        state: of an earlier feed of this mixture.
        lakes: source -> where its lake lies now, if that is not where it was planned.
        prefetch: pieces of work that a thread does ahead; 0: none.
        cache: local copies of what is read of remote tables.
        documents: whether batches know where documents begin and end; without, only ids are read.

    Raises:
        MissingPathError: the plan, or a table of it, is not there.
        FeedMisuseError: arguments that do not fit each other or the state.
    """
    batch = global_batch(batch_size, global_batch_size, ranks)
    seed = whole("seed", seed)
    samples_done = 0
    if state is None:
        opened = read_plan(plan, version)
    else:
        begun = State.of(state)
        opened = _plan_of_state(plan, version, begun, seed, shuffle)
        samples_done = begun.samples
    unknown = sorted((lakes or {}).keys() - set(opened.names))
    if unknown:
        raise FeedMisuseError(f"lakes: the plan has no source {unknown[0]!r}; it has {', '.join(opened.names)}")
    tables = [opened.table(number, (lakes or {}).get(name)) for number, name in enumerate(opened.names)]
    sources = tuple(
        Source(name, (Generation(0, 0, number, table.rows),), row["epochs"])
        for number, (name, table, row) in enumerate(zip(opened.names, tables, opened.rows, strict=True))
    )
    samples = Samples(sources, seed, shuffle, opened.mix(seed))
    begun = State(samples_done, seed, shuffle_numbers(shuffle), None, (), opened.identity)
    steps = Steps(samples_done, samples.length, batch, rank, ranks, tail)
    if state is None:
        require_a_step(steps, opened.location)
    return Feed(
        tables,
        samples,
        steps,
        begun,
        prefetch,
        through_cache(tables, cache),
        documents,
    )


def _plan_of_state(plan: str, version: int | None, state: State, seed: int, shuffle: Shuffle | None) -> MixturePlan:
    """The plan of a state, or a newer version that goes on as it."""
    if state.mix is None:
        raise FeedMisuseError("the state is that of one table, not of a mixture: open it with open_feed")
    require_same(state, seed, shuffle, None)
    _, _, planned = str(state.mix).rpartition("@")
    if not planned.isdecimal():
        raise FeedMisuseError(f"this is no state of a mixture: mix is {state.mix!r}, which names no version of a plan")
    of_state = read_plan(plan, int(planned))
    if of_state.identity != state.mix:
        raise FeedMisuseError(f"{of_state.location}: the state is of another plan, {state.mix}")
    if version is None or version == of_state.version:
        return of_state
    newer = read_plan(plan, version)
    require_same_until(of_state, newer, state.samples, seed)
    return newer
