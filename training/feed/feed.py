"""The feed: batches of one rank in the global order, from any state on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from training.feed.batch import Batch
from training.feed.errors import FeedMisuseError
from training.feed.prefetch import prefetched
from training.feed.samples import Places, Samples
from training.feed.state import State
from training.feed.steps import Steps

if TYPE_CHECKING:  # numpy is all that this module needs where rows lie in no Parquet file
    from training.feed.file_bytes import FileBytes
    from training.feed.rows import Rows
    from training.feed.table import SequenceTable

ReadRows = Callable[[np.ndarray, np.ndarray], "Rows"]
"""(n,) numbers of tables and (n,) rows of them -> the rows."""

_ROWS = 1 << 16  # whose places are found at a time, where they are mapped
_BYTES = 64 << 20  # of rows that are fetched at a time, where they are not
_COPIED = 64  # rows whose ids are copied at a time: they fit in a processor's cache
_GROWTH = 8  # the first rows are few, so that the first batch comes soon; each time there are this many times as many


@dataclass(frozen=True)
class _Chunk:
    """Consecutive steps of one worker."""

    steps: np.ndarray  # (k,)
    places: Places  # of the samples that there are, step by step
    rows: "Rows"


class Feed:
    """Batches of one rank. It can be pickled, and opens no file before it is iterated.

    Iterating goes on where the last iteration of this feed stopped.

    Args:
        tables: that are open; `Places.table` counts in them. All have one format.
        samples: the global order.
        steps: what this rank takes of it.
        begun: the state at the first step.
        prefetch: how many pieces of work a thread does ahead; 0: none.
        file_bytes: reads the files of each table; None: mapped or fetched, as the location wants, without a cache.
        documents: whether batches know their documents; else only ids are read.
    """

    def __init__(
        self,
        tables: "Sequence[SequenceTable]",
        samples: Samples,
        steps: Steps,
        begun: State,
        prefetch: int = 1,
        file_bytes: "Sequence[FileBytes | None] | None" = None,
        documents: bool = True,
    ) -> None:
        self.tables, self.samples, self.steps = tuple(tables), samples, steps
        self.format = tables[0].format
        self._begun, self._prefetch, self._data = begun, prefetch, file_bytes or [None] * len(tables)
        self.documents, self._next = documents, 0

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches(first=self._next):
            self._next = batch.step + 1
            yield batch

    def __len__(self) -> int:
        """Steps that are left.

        Raises:
            TypeError: there is no end.
        """
        if self.steps.steps is None:
            raise TypeError("this feed has no end: give epochs")
        return self.steps.steps - self._next

    def state(self, samples: int | None = None) -> dict[str, Any]:
        """The state after the last batch that was taken from this feed, or after that with `Batch.samples`."""
        if samples is None:
            samples = self.steps.first(self._next)
            if self.steps.length is not None:  # padding is no sample
                samples = max(self.steps.start, min(samples, self.steps.length))
        return self._begun.at(samples).to_dict()

    def batches(self, worker: int = 0, workers: int = 1, first: int = 0) -> Iterator[Batch]:
        """The batches of one of several workers from a step on; without change of what `state` says.

        Worker w of W makes the batches of steps `first + w`, `first + w + W`, …

        Raises:
            FeedMisuseError: rows have no fixed width.
        """
        if not self.format.has_fixed_width:
            raise FeedMisuseError(
                f"{self.tables[0]}: rows of {self.format.objective} differ in width, and come in batches by tokens: "
                "open the table with open_translation"
            )
        read = self._reader()
        chunks = (self._read(read, steps) for steps in self._chunks(first + worker, workers))
        for chunk in prefetched(chunks, self._prefetch):
            yield from self._cut(chunk)

    def _chunks(self, first: int, stride: int) -> Iterator[np.ndarray]:
        """Steps whose rows are looked up together: few at first, later up to where the reading place changes."""
        step, count = first, 1
        while self.steps.steps is None or step < self.steps.steps:
            most = max(1, min(count, self._most_rows() // self.steps.rank_batch))
            stop = step + most * stride
            if not self._is_local:  # rows of the next window lie in other blocks
                end = self.samples.window_end(self.steps.first(step))
                stop = min(stop, max(step + stride, -(-(end - self.steps.start) // self.steps.batch)))
            if self.steps.steps is not None:
                stop = min(stop, self.steps.steps)
            yield np.arange(step, stop, stride)
            step += len(range(step, stop, stride)) * stride
            count *= _GROWTH

    @property
    def _is_local(self) -> bool:
        return all(table.is_local for table in self.tables)

    def _most_rows(self) -> int:
        return _ROWS if self._is_local else max(1, _BYTES // (self.format.length * self.format.id_bits // 8))

    def _reader(self) -> ReadRows:
        """What reads rows; a feed whose rows lie elsewhere has its own."""
        from training.feed.row_reader import RowReader, read_rows

        return partial(
            read_rows, [RowReader(*each, self.documents) for each in zip(self.tables, self._data, strict=True)]
        )

    def _read(self, read: ReadRows, steps: np.ndarray) -> _Chunk:
        positions = self.steps.positions(steps).ravel()
        if self.steps.length is not None:
            positions = positions[positions < self.steps.length]
        places = self.samples.places(positions)
        return _Chunk(steps, places, read(places.table, places.row))

    def _cut(self, chunk: _Chunk) -> Iterator[Batch]:
        """The batches of a chunk. Ids of small batches are copied together, which saves calls."""
        size, batch, length = self.steps.rank_batch, self.steps.batch, self.steps.length
        rows, places, there = chunk.rows, chunk.places, len(chunk.places.row)
        steps, together = chunk.steps.tolist(), max(1, _COPIED // size)
        for first in range(0, len(steps), together):
            begin = first * size
            ids = rows.ids(min(begin, there), min(begin + together * size, there))
            for step in steps[first : first + together]:
                stop, done = begin + size, self.steps.start + (step + 1) * batch
                if length is not None and done > length:
                    done = length
                if stop <= there:
                    yield Batch(ids[:size], step, done, rows, places, begin, stop)
                    ids = ids[size:]
                else:
                    some = Batch(ids, step, done, rows, places, min(begin, there), there)
                    ids = ids[:0]
                    yield some.filled(size, self.format)
                begin = stop
