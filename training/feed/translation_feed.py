"""The feed of translation: batches by a budget of tokens, the same for any number of ranks and workers.

The global order (`samples`) is taken window by window. Each window's pairs become batches (`buckets`), so batches have
one order over all windows; step s takes the next R of them, and rank r the r-th of these. Where a job is, is a window
and the number of batches that were taken of it, with the budget they were made with: another number of ranks goes on
with the same batches, and another budget with new batches of the pairs that are left.

A reader knows the lengths of a whole window before its first batch, and pairs of a table are decoded in whole row
groups. So blocks are large and windows hold few of them (`PAIRS_SHUFFLE`).
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from training.feed.arguments import whole
from training.feed.buckets import BUCKETS, Batches, Budget, Taken, batches
from training.feed.errors import FeedError, FeedMisuseError
from training.feed.feed import Feed
from training.feed.file_bytes import FileBytes
from training.feed.order import Shuffle, key_of
from training.feed.prefetch import prefetched
from training.feed.row_reader import RowReader, read_rows
from training.feed.rows import Rows
from training.feed.samples import Places
from training.feed.state import MOST_BYTES
from training.feed.translation_batch import Place, TranslationBatch

PAIRS_SHUFFLE = Shuffle(block_rows=8192, window_blocks=16)
"""A row group of 4 MB has 10 to 20 thousand sentence pairs, and is decoded whole: a block of some hundred rows would
decode it again in every window. A window of 131,072 pairs is large enough for buckets with 1 % of padding."""

IN_STATE = "translation"


@dataclass(frozen=True)
class _Window:
    """A window of the order whose lengths are known; `made` are the batches that are left of it."""

    start: int  # sample
    stop: int
    places: Places
    rows: Rows
    sides: np.ndarray  # (n, 2) tokens
    made: Batches
    taken: tuple[Taken, ...]  # before these batches; the last one's count grows with each


@dataclass(frozen=True)
class Figures:
    """What batches hold, over all ranks."""

    batches: int
    pairs: int
    tokens: int  # that are no padding
    padded: int  # tokens with padding

    @property
    def padding(self) -> float:
        """Share of padding."""
        return 1 - self.tokens / self.padded if self.padded else 0.0


class TranslationFeed:
    """Batches of one rank. It can be pickled, and opens no file before it is iterated.

    Iterating goes on where the last iteration of this feed stopped.

    Args:
        feed: gives tables, order, ranks, the tail rule, and what a state names.
        budget: of a batch.
        begun: where the job is.
        prefetch: windows that a thread reads ahead; 0: none.
        file_bytes: reads the files of each table; by default mapped or fetched, as the location wants.
    """

    def __init__(
        self,
        feed: Feed,
        budget: Budget,
        begun: Place,
        prefetch: int = 1,
        file_bytes: "Sequence[FileBytes | None] | None" = None,
    ) -> None:
        self.tables, self.samples, self.format = feed.tables, feed.samples, feed.format
        self.rank, self.ranks, self.tail = feed.steps.rank, feed.steps.ranks, feed.steps.tail
        self.budget, self.begun = budget, begun
        self._feed, self._prefetch = feed, prefetch
        self._data = file_bytes or [None] * len(self.tables)
        self._at, self._step = begun, 0

    def __iter__(self) -> Iterator[TranslationBatch]:
        for batch in self._batches(self._at, 0, 1, 0):
            batch = replace(batch, step=self._step)
            self._at, self._step = batch.place, batch.step + 1
            yield batch

    def state(self, place: Place | None = None) -> dict[str, Any]:
        """The state after the last batch that was taken from this feed, or after that with `TranslationBatch.place`.

        Raises:
            FeedMisuseError: it would be larger than 1 KB: the budget was changed too often within one window.
        """
        place = place or self._at
        taken = [[part.budget.tokens, part.budget.multiple, part.batches] for part in place.taken]
        found = {**self._feed.state(place.window), IN_STATE: {"buckets": BUCKETS, "taken": taken}}
        size = len(json.dumps(found, separators=(",", ":")))
        if size > MOST_BYTES:
            raise FeedMisuseError(
                f"the state would have {size:,} bytes, at most {MOST_BYTES:,}: the budget was changed {len(taken)} "
                "times within one window; go on with one budget until the window ends"
            )
        return found

    def figures(self) -> Figures:
        """Of all batches from the feed's start on, from lengths alone: for choosing a budget and a shuffle.

        Raises:
            FeedMisuseError: the feed has no end.
        """
        if self.samples.length is None:
            raise FeedMisuseError("this feed has no end: give epochs")
        found = np.zeros(4, np.int64)
        for window in self._windows(self.begun):
            sides, starts = window.sides[window.made.pairs], window.made.ends[:-1]
            if len(starts):
                longest = np.maximum.reduceat(self.budget.rounded(sides), starts).sum(1)
                padded = int((longest * np.diff(window.made.ends)).sum())
                found += (len(starts), len(sides), int(sides.sum()), padded)
        return Figures(*found.tolist())

    def batches(self, worker: int = 0, workers: int = 1, first: int = 0) -> Iterator[TranslationBatch]:
        """The batches of one of several workers from a step on; without change of what `state` says.

        Worker w of W makes the batches of steps `first + w`, `first + w + W`, …; steps count from the feed's start.
        Each worker reads the lengths of all windows.
        """
        yield from self._batches(self.begun, worker, workers, first)

    def _batches(self, at: Place, worker: int, workers: int, first: int) -> Iterator[TranslationBatch]:
        numbered = (
            (window, number)
            for window in prefetched(self._windows(at), self._prefetch)
            for number in range(len(window.made))
        )
        for step in itertools.count():
            group = list(itertools.islice(numbered, self.ranks))
            if not group or (len(group) < self.ranks and self.tail == "drop"):
                return
            if step >= first and (step - first) % workers == worker:
                yield self._made(group, step)

    def _windows(self, at: Place) -> Iterator[_Window]:
        """The windows from a place on."""
        readers = [RowReader(table, data) for table, data in zip(self.tables, self._data, strict=True)]
        start, taken, length = at.window, at.taken, self.samples.length
        while length is None or start < length:
            stop = self.samples.window_end(start)
            yield self._window(readers, start, stop, taken)
            start, taken = stop, ()

    def _window(self, readers: Sequence[RowReader], start: int, stop: int, taken: tuple[Taken, ...]) -> _Window:
        places = self.samples.places(np.arange(start, stop))
        rows = read_rows(readers, places.table, places.row)
        wrong = np.flatnonzero(rows.doc_counts != 2)
        if len(wrong):
            table, row = self.tables[places.table[wrong[0]]], places.row[wrong[0]]
            raise FeedError(f"{table}: row {row:,} has {rows.doc_counts[wrong[0]]} sides, a pair has two")
        sides = rows.doc_lengths.reshape(-1, 2).astype(np.int64)
        made = batches(sides, self.budget, key_of("translation", BUCKETS, self.samples.seed, start), taken)
        if not taken or taken[-1].budget != self.budget:
            taken = (*taken, Taken(self.budget, 0))
        return _Window(start, stop, places, rows, sides, made, taken)

    def _made(self, group: Sequence[tuple[_Window, int]], step: int) -> TranslationBatch:
        """The batch of this rank in a step, of which there may be fewer than ranks."""
        place = _after(*group[-1])
        window, number = group[min(self.rank, len(group) - 1)]
        chosen = window.made.batch(number) if self.rank < len(group) else np.empty(0, np.int64)
        rows = window.rows.taken(chosen)
        return TranslationBatch(
            ids=rows.ids(),
            source_lengths=window.sides[chosen, 0],
            target_lengths=window.sides[chosen, 1],
            source_languages=rows.columns["source_language"],
            target_languages=rows.columns["target_language"],
            source=window.places.source[chosen],
            epoch=window.places.epoch[chosen],
            row=window.places.row[chosen],
            pad_id=self.format.pad_id,
            budget=self.budget,
            step=step,
            place=place,
        )


def _after(window: _Window, number: int) -> Place:
    """Where a job is after a batch of a window."""
    if number + 1 == len(window.made):
        return Place(window.stop)
    last = window.taken[-1]
    return Place(window.start, (*window.taken[:-1], Taken(last.budget, last.batches + number + 1)))


def place_of(state: Mapping[str, Any]) -> Place:
    """Where a job is, from its state.

    Raises:
        FeedMisuseError: it is no state of this feed, or of another version of it.
    """
    try:
        found = state[IN_STATE]
        if found["buckets"] != BUCKETS:
            raise FeedMisuseError(
                f"the state has buckets {found['buckets']}, this version of tokenlake {BUCKETS}: go on with the "
                "version that wrote it, or begin anew"
            )
        taken = tuple(
            Taken(Budget(int(each[0]), int(each[1])), whole("the state: taken", each[2], 0)) for each in found["taken"]
        )
        return Place(whole("the state: samples", state["samples"], 0), taken)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, FeedMisuseError):
            raise
        raise FeedMisuseError(f"this is no state of a feed of translation: {error!r} in {str(state)[:200]}") from error
