"""Opens a feed of one table: anew, or where a state says."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from training.feed.arguments import whole
from training.feed.cache import Cache, through_cache
from training.feed.errors import FeedMisuseError
from training.feed.feed import Feed
from training.feed.order import DEFAULT_SHUFFLE, Shuffle
from training.feed.samples import Generation, Samples, Source
from training.feed.state import State
from training.feed.steps import Steps, Tail
from training.feed.table import SequenceTable, open_table

NewVersion = Literal["refuse", "next_epoch"]
"""What a state of an older version of the table means: an error, or that appended rows join with the next epoch."""


def open_feed(
    lake: str,
    name: str,
    version: int | None = None,
    *,
    batch_size: int | None = None,
    global_batch_size: int | None = None,
    rank: int = 0,
    ranks: int = 1,
    split: str | None = "train",
    seed: int = 0,
    shuffle: Shuffle | None = DEFAULT_SHUFFLE,
    epochs: int | None = None,
    tail: Tail = "drop",
    state: Mapping[str, Any] | None = None,
    on_new_version: NewVersion = "refuse",
    prefetch: int = 1,
    cache: Cache | None = None,
    documents: bool = True,
) -> Feed:
    """A feed of a version of `sequences_<name>`.

    Args:
        lake: folder or URI.
        name: of the packing, as in the configuration.
        version: of the table; by default the state's, else the newest.
        batch_size: samples that a rank takes in a step. Give this or `global_batch_size`.
        global_batch_size: samples that all ranks together take in a step.
        rank: of `ranks`.
        ranks: data-parallel processes.
        split: `train`, `heldout`, or None for both.
        seed: of the order.
        shuffle: how far rows move; None: the order of the table.
        epochs: passes over the rows; None: without end.
        tail: what happens to the last samples that do not fill a step.
        state: of an earlier feed, on any number of ranks, workers and batch sizes; all else must fit it.
        on_new_version: what a newer `version` than the state's means.
        prefetch: pieces of work that a thread does ahead; 0: none.
        cache: local copies of what is read of remote tables.
        documents: whether batches know where documents begin and end; without, only ids are read.

    Raises:
        MissingPathError: there is no such table, or no such version.
        FeedMisuseError: arguments that do not fit each other or the state.
        FeedError: the table cannot be read as a feed.
    """
    batch = global_batch(batch_size, global_batch_size, ranks)
    seed = whole("seed", seed)
    if epochs is not None:
        epochs = whole("epochs", epochs, 1)
    if on_new_version not in get_args(NewVersion):
        raise FeedMisuseError(f"on_new_version {on_new_version!r}: say {' or '.join(get_args(NewVersion))}")
    if state is None:
        table = open_table(lake, name, version, split)
        tables, source = [table], Source("", (Generation(0, 0, 0, table.rows),), epochs)
        begun = State(0, seed, shuffle_numbers(shuffle), split, (_named([table], source),))
    else:
        begun = State.of(state)
        if begun.mix is not None:
            raise FeedMisuseError("the state is that of a mixture: open it with open_mixture")
        require_same(begun, seed, shuffle, split)
        tables, source = _reopened(lake, name, version, begun, epochs, on_new_version)
        begun = State(begun.samples, seed, shuffle_numbers(shuffle), split, (_named(tables, source),))
    samples = Samples((source,), seed, shuffle)
    steps = Steps(begun.samples, samples.length, batch, rank, ranks, tail)
    if state is None:
        require_a_step(steps, tables[0])
    elif steps.length is not None and steps.start > steps.length:
        raise FeedMisuseError(
            f"{tables[-1]}: the state has {steps.start:,} samples done, all epochs have {steps.length:,}: "
            "give more epochs"
        )
    return Feed(
        tables,
        samples,
        steps,
        begun,
        prefetch,
        through_cache(tables, cache),
        documents,
    )


def global_batch(batch_size: int | None, global_batch_size: int | None, ranks: int) -> int:
    """Samples that all ranks together take in a step.

    Raises:
        FeedMisuseError: both are given, or none, or one is no number of samples.
    """
    if (batch_size is None) == (global_batch_size is None):
        raise FeedMisuseError("give batch_size (samples of a rank in a step) or global_batch_size (of all ranks)")
    ranks = whole("ranks", ranks, 1)
    if batch_size is not None:
        return whole("batch_size", batch_size, 1) * ranks
    return whole("global_batch_size", global_batch_size, 1)


def require_a_step(steps: Steps, where: object) -> None:
    """Requires that a feed that begins has a step: a loop over none would train nothing, and not say so.

    Raises:
        FeedMisuseError: there are fewer samples than a step takes.
    """
    if steps.steps == 0:
        raise FeedMisuseError(
            f"{where}: all epochs have {steps.length:,} samples, fewer than the {steps.batch:,} of a step: make the "
            'batch smaller, or set tail="pad", which fills the step with padding'
        )


def shuffle_numbers(shuffle: Shuffle | None) -> tuple[int, int] | None:
    """A shuffle as a state holds it.

    Raises:
        FeedMisuseError: it is none.
    """
    if not isinstance(shuffle, Shuffle | None):
        raise FeedMisuseError(f"shuffle is {shuffle!r}: give Shuffle(block_rows, window_blocks), or None")
    return None if shuffle is None else (shuffle.block_rows, shuffle.window_blocks)


def _named(tables: Sequence[SequenceTable], source: Source) -> tuple[str, tuple[tuple[int, int, str], ...]]:
    """A source as a state names it."""
    return tables[0].name, tuple(
        (each.start, tables[each.table].version, tables[each.table].identity) for each in source.generations
    )


def require_same(state: State, seed: int, shuffle: Shuffle | None, split: str | None) -> None:
    """Requires that a feed has the order of a state.

    Raises:
        FeedMisuseError: it would have another.
    """
    for what, in_state, given in (
        ("seed", state.seed, seed),
        ("shuffle", state.shuffle, shuffle_numbers(shuffle)),
        ("split", state.split, split),
    ):
        if in_state != given:
            raise FeedMisuseError(f"the state has {what} {in_state}, this feed {given}: its order would be another")


def _reopened(
    lake: str, name: str, version: int | None, state: State, epochs: int | None, on_new_version: NewVersion
) -> tuple[list[SequenceTable], Source]:
    """The tables of all generations of a state, and one more where training goes on with a newer version."""
    (_, recorded) = state.sources[0]
    tables: list[SequenceTable] = []
    generations: list[Generation] = []
    for start, of_version, identity in recorded:
        table = open_table(lake, name, of_version, state.split)
        if table.identity != identity:
            raise FeedMisuseError(
                f"{table}: the state is of another table with the same name and version; this one was made anew"
            )
        epoch = (start - generations[-1].start) // generations[-1].rows + generations[-1].epoch if generations else 0
        generations.append(Generation(start, epoch, len(tables), table.rows))
        tables.append(table)
    last = tables[-1]
    if version is not None and version != last.version:
        if on_new_version == "refuse":
            raise FeedMisuseError(
                f"the state is of version {last.version} of {last.location}, this feed of version {version}. Go on "
                f'with version={last.version}, or set on_new_version="next_epoch" to take in appended rows after the '
                "epoch in progress"
            )
        newer = open_table(lake, name, version, state.split)
        _require_appended(last, newer)
        start, epoch = Source("", tuple(generations)).epoch_end(state.samples)
        generations.append(Generation(start, epoch, len(tables), newer.rows))
        tables.append(newer)
    return tables, Source("", tuple(generations), epochs)


def _require_appended(old: SequenceTable, new: SequenceTable) -> None:
    """Requires that a version has all files of an older one.

    Raises:
        FeedMisuseError: rows were removed or written anew, or the format changed.
    """
    gone = set(old.paths) - set(new.paths)
    if new.version < old.version or gone or new.format != old.format:
        why = f"{len(gone)} files of it are gone" if gone else "its rows are others"
        raise FeedMisuseError(
            f"version {new.version} of {new.location} is not version {old.version} with more rows ({why}): training "
            f"cannot go on with it. Stay on version {old.version}, or begin anew"
        )
