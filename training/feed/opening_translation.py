"""Opens a feed of sentence pairs, of one table or of a mixture: anew, or where a state says."""

from collections.abc import Mapping
from typing import Any

from training.feed.buckets import Budget
from training.feed.cache import Cache, through_cache
from training.feed.errors import FeedMisuseError
from training.feed.feed import Feed
from training.feed.opening import NewVersion, open_feed
from training.feed.opening_mixture import open_mixture
from training.feed.order import Shuffle
from training.feed.steps import Tail
from training.feed.translation_batch import Place
from training.feed.translation_feed import PAIRS_SHUFFLE, TranslationFeed, place_of


def open_translation(
    lake: str,
    name: str = "translation",
    version: int | None = None,
    *,
    tokens: int,
    multiple: int = 1,
    rank: int = 0,
    ranks: int = 1,
    split: str | None = "train",
    seed: int = 0,
    shuffle: Shuffle | None = PAIRS_SHUFFLE,
    epochs: int | None = None,
    tail: Tail = "drop",
    state: Mapping[str, Any] | None = None,
    on_new_version: NewVersion = "refuse",
    prefetch: int = 1,
    cache: Cache | None = None,
) -> TranslationFeed:
    """A feed of a version of `sequences_<name>` of the objective translation.

    Args:
        lake: folder or URI.
        name: of the table, as in the configuration.
        version: of the table; by default the state's, else the newest.
        tokens: of a batch of one rank, padding of both sides included, at most.
        multiple: sides are padded to a multiple of this.
        rank: of `ranks`.
        ranks: data-parallel processes.
        split: `train`, `heldout`, or None for both.
        seed: of the order.
        shuffle: how far rows move, and the windows in which pairs of like length are found.
        epochs: passes over the rows; None: without end.
        tail: what happens to the last batches that do not give one to every rank.
        state: of an earlier feed, on any number of ranks and workers and with any budget; all else must fit it.
        on_new_version: what a newer `version` than the state's means.
        prefetch: windows that a thread reads ahead; 0: none.
        cache: local copies of what is read of a remote table.

    Raises:
        MissingPathError: there is no such table, or no such version.
        FeedMisuseError: arguments that do not fit each other, the table or the state.
        FeedError: the table cannot be read as a feed.
    """
    begun, of_feed = Place(0), None
    if state is not None:
        begun = place_of(state)
        # A window in progress belongs to its epoch, also where it is the first: newer rows join with the next one.
        of_feed = {**state, "samples": begun.window + bool(begun.taken)}
    feed = open_feed(
        lake,
        name,
        version,
        global_batch_size=ranks,
        rank=rank,
        ranks=ranks,
        split=split,
        seed=seed,
        shuffle=shuffle,
        epochs=epochs,
        tail=tail,
        state=of_feed,
        on_new_version=on_new_version,
    )
    return _of(feed, Budget(tokens, multiple), begun, prefetch, cache)


def open_translation_mixture(
    plan: str,
    version: int | None = None,
    *,
    tokens: int,
    multiple: int = 1,
    rank: int = 0,
    ranks: int = 1,
    seed: int = 0,
    shuffle: Shuffle = PAIRS_SHUFFLE,
    tail: Tail = "drop",
    state: Mapping[str, Any] | None = None,
    lakes: Mapping[str, str] | None = None,
    prefetch: int = 1,
    cache: Cache | None = None,
) -> TranslationFeed:
    """A feed of a mixture of tables of the objective translation, whose plan `tokenlake mix CONFIG` has made.

    A window takes as many samples of the mixture as the shuffle's windows have rows. Arguments are those of
    `open_mixture` and `open_translation`.

    Raises:
        MissingPathError: the plan, or a table of it, is not there.
        FeedMisuseError: arguments that do not fit each other, the tables or the state.
    """
    begun, of_feed = Place(0), None
    if state is not None:
        begun = place_of(state)
        # A newer plan must be the same until the end of the window in progress.
        of_feed = {**state, "samples": begun.window + shuffle.window_rows * bool(begun.taken)}
    feed = open_mixture(
        plan,
        version,
        global_batch_size=ranks,
        rank=rank,
        ranks=ranks,
        seed=seed,
        shuffle=shuffle,
        tail=tail,
        state=of_feed,
        lakes=lakes,
    )
    return _of(feed, Budget(tokens, multiple), begun, prefetch, cache)


def _of(feed: Feed, budget: Budget, begun: Place, prefetch: int, cache: Cache | None) -> TranslationFeed:
    table = feed.tables[0]
    if feed.format.objective != "translation":
        raise FeedMisuseError(
            f"{table}: its rows are for the objective {feed.format.objective}: open it with open_feed or open_mixture"
        )
    most = budget.most(feed.format.length // 2)
    if budget.tokens < most:
        raise FeedMisuseError(
            f"{table}: a pair may have up to {most:,} tokens, a batch {budget.tokens:,}: give tokens={most} or more, "
            "or pack with a smaller translation.length"
        )
    return TranslationFeed(feed, budget, begun, prefetch, through_cache(feed.tables, cache))
