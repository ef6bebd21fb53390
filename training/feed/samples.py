"""The one global order of samples: which row of which source, in which epoch, each sample is.

Samples are numbered from 0 through all epochs. A source's own samples are its epochs, one after another, each in its
own order. A mix says which sample of which source comes next; without one there is one source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from training.feed.errors import FeedMisuseError
from training.feed.mixing import Mix
from training.feed.order import EpochOrder, Shuffle, runs


@dataclass(frozen=True)
class Generation:
    """The rows of a source from one of its samples on: all epochs that begin with `start` have `rows` rows.

    Another generation begins where training goes on with a newer version of the table.
    """

    start: int  # sample of the source
    epoch: int  # that begins there
    table: int  # number of the table among those that are open
    rows: int


@dataclass(frozen=True)
class Source:
    """What a source gives; `name` enters its order, `epochs` bounds it (None: without end)."""

    name: str
    generations: tuple[Generation, ...]
    epochs: int | None = None

    @property
    def limit(self) -> int | None:
        """How many samples it has; None: without end."""
        if self.epochs is None:
            return None
        last = self.generations[-1]
        return last.start + (self.epochs - last.epoch) * last.rows

    def epoch_end(self, sample: int) -> tuple[int, int]:
        """(the source's sample, the epoch) at which the first epoch begins that begins at `sample` or later."""
        last = self.generations[-1]
        epochs = -(-max(0, sample - last.start) // last.rows)
        return last.start + epochs * last.rows, last.epoch + epochs


@dataclass(frozen=True)
class Places:
    """n samples: where each is."""

    source: np.ndarray  # (n,)
    table: np.ndarray  # (n,) number of the open table
    epoch: np.ndarray  # (n,) of the source
    row: np.ndarray  # (n,) of the table


@dataclass(frozen=True)
class Samples:
    """The order of all samples."""

    sources: tuple[Source, ...]
    seed: int
    shuffle: Shuffle | None
    mix: Mix | None = None

    def __post_init__(self) -> None:
        if self.mix is None and len(self.sources) != 1:
            raise FeedMisuseError(f"{len(self.sources)} sources need a mixture: see docs/how-to/mixtures.md")

    @cached_property
    def length(self) -> int | None:
        """How many samples there are; None: without end."""
        return self.sources[0].limit if self.mix is None else self.mix.length

    def counts_until(self, position: int) -> tuple[int, ...]:
        """(S,) samples of each source before a position."""
        return (position,) if self.mix is None else self.mix.counts_until(position)

    def places(self, positions: np.ndarray) -> Places:
        """(n,) positions, each below `length` -> where they are."""
        positions = np.asarray(positions, np.int64)
        if self.mix is None:
            return Places(np.zeros(len(positions), np.int64), *self._of_source(0, positions))
        source, local = self.mix.sources_at(positions)
        found = Places(source, *(np.empty(len(positions), np.int64) for _ in range(3)))
        for number in np.unique(source).tolist():
            chosen = np.flatnonzero(source == number)
            found.table[chosen], found.epoch[chosen], found.row[chosen] = self._of_source(number, local[chosen])
        return found

    def _of_source(self, number: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) samples of one source -> (n,) table, epoch and row of each."""
        source = self.sources[number]
        table, epoch, row = (np.empty(len(samples), np.int64) for _ in range(3))
        generation = np.searchsorted([each.start for each in source.generations], samples, side="right") - 1
        for which, span in runs(generation):
            begun = source.generations[which]
            table[span] = begun.table
            epochs, position = np.divmod(samples[span] - begun.start, begun.rows)
            epoch[span] = epochs + begun.epoch
            for each, inside in runs(epochs):
                order = self._order(source.name, begun.rows, begun.epoch + each)
                row[span][inside] = order.rows_at(position[inside])
        return table, epoch, row

    def window_end(self, position: int) -> int:
        """A later position up to which samples lie in the blocks of one window; with a mix, about that."""
        end = self._window_end_alone(position) if self.mix is None else position + self._window_rows()
        return end if self.length is None else min(end, self.length)

    def _window_end_alone(self, position: int) -> int:
        source = self.sources[0]
        begun = next(each for each in reversed(source.generations) if each.start <= position)
        epoch, within = divmod(position - begun.start, begun.rows)
        order = self._order(source.name, begun.rows, begun.epoch + epoch)
        return position - within + order.window_end(within)

    def _window_rows(self) -> int:
        return self.shuffle.window_rows if self.shuffle else 1 << 14

    def _order(self, name: str, rows: int, epoch: int) -> EpochOrder:
        return _epoch_order(rows, self.seed, epoch, self.shuffle, name if self.mix else "")


@lru_cache(maxsize=64)
def _epoch_order(rows: int, seed: int, epoch: int, shuffle: Shuffle | None, name: str) -> EpochOrder:
    return EpochOrder(rows, seed, epoch, shuffle, name)


def digest(samples: Samples, tables: Sequence[str], stop: int, start: int = 0) -> str:
    """32 hex digits of BLAKE2b over (table, epoch, row) of samples `start` to `stop`, in order."""
    from hashlib import blake2b

    found = blake2b(digest_size=16)
    for begin in range(start, stop, 1 << 16):
        places = samples.places(np.arange(begin, min(stop, begin + (1 << 16))))
        for table, epoch, row in zip(places.table.tolist(), places.epoch.tolist(), places.row.tolist(), strict=True):
            found.update(f"{tables[table]} {epoch} {row}\n".encode())
    return found.hexdigest()
