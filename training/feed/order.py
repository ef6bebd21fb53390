"""The order of training: a pure function of (rows, shuffle, seed, epoch), known at any position in constant memory.

Rows are numbered through all files of a table version. `block_rows` consecutive rows are a block; a keyed bijection
shuffles the blocks; `window_blocks` blocks in this order are a window; the rows of each window are shuffled by keyed
hashes. So a reader that goes forward reads whole blocks, and each block in one window only.

    rows      0 1 2 3 | 4 5 6 7 | 8 9 10 11 | 12 13
    blocks    A         B         C           D         D is short
    shuffled  C         A       | D           B         two windows of two blocks
    order     9 0 11 2 8 1 10 3 | 5 12 4 13 7 6

N rows, n positions. The bijection is a Feistel network (Luby and Rackoff 1988) on the smallest power of two that holds
the domain; values outside of it are mapped again until they fall inside (cycle walking: Black and Rogaway 2002).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b

import numpy as np

from training.feed.arguments import whole
from training.feed.errors import FeedMisuseError

ORDER = 1
"""Version of this order. It grows when the same arguments give another one; a state names it."""

MOST_WINDOW_ROWS = 1 << 20
"""A window is held in memory."""

_SMALL = 8  # bits
_ROUNDS, _ROUNDS_OF_SMALL = 8, 24  # of few values, some orders would come more often than others after eight
_MULTIPLY = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93))
_SHIFT = np.uint64(32)


def key_of(*parts: object) -> bytes:
    """The key of one use of a seed: 64 bytes of BLAKE2b (RFC 7693) over the parts, in order."""
    return blake2b("/".join(map(str, parts)).encode()).digest()


class Bijection:
    """A keyed permutation of the integers below `size`, computed for each value alone.

    Args:
        size: of the domain, 1 to 2**63.
        key: 64 bytes.
    """

    def __init__(self, size: int, key: bytes) -> None:
        self.size = size
        bits = (size - 1).bit_length()
        self._low = np.uint64(bits - bits // 2)  # bits of the right half; the left one has the rest
        self._masks = (np.uint64((1 << (bits // 2)) - 1), np.uint64((1 << (bits - bits // 2)) - 1))
        rounds = _ROUNDS if bits > _SMALL else _ROUNDS_OF_SMALL
        more = (blake2b(key + bytes([number])).digest() for number in range(1, rounds // _ROUNDS))
        self._keys = np.frombuffer(b"".join((key, *more)), "<u8")  # (rounds,)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) integers below `size` -> (n,) int64, where they go."""
        return self._walk(values, range(len(self._keys)))

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """(n,) integers below `size` -> (n,) int64, where they come from."""
        return self._walk(values, range(len(self._keys) - 1, -1, -1))

    def _walk(self, values: np.ndarray, rounds: range) -> np.ndarray:
        found = self._once(np.asarray(values).astype(np.uint64), rounds)
        outside = np.flatnonzero(found >= self.size)
        while len(outside):
            found[outside] = self._once(found[outside], rounds)
            outside = outside[found[outside] >= self.size]
        return found.astype(np.int64)

    def _once(self, values: np.ndarray, rounds: range) -> np.ndarray:
        halves = [values >> self._low, values & self._masks[1]]
        for number in rounds:
            side = number % 2
            halves[side] = halves[side] ^ (_mixed(halves[1 - side] ^ self._keys[number]) & self._masks[side])
        return halves[0] << self._low | halves[1]


def _mixed(values: np.ndarray) -> np.ndarray:
    """(n,) uint64 -> (n,) uint64 in which each bit of the input changes about half of the low bits."""
    values = values * _MULTIPLY[0]
    values = (values ^ (values >> _SHIFT)) * _MULTIPLY[1]
    return values ^ (values >> _SHIFT)


@dataclass(frozen=True)
class Shuffle:
    """How far rows move. More blocks in a window: more random, and more places that are read at a time.

    With one block of one row in a window, the shuffle is a uniform one of all rows, and reads single rows.
    """

    block_rows: int = 128
    window_blocks: int = 128

    def __post_init__(self) -> None:
        whole("block_rows", self.block_rows)
        whole("window_blocks", self.window_blocks)
        if self.block_rows < 1 or self.window_blocks < 1:
            raise FeedMisuseError(f"block_rows {self.block_rows}, window_blocks {self.window_blocks}: both start at 1")
        if self.window_rows > MOST_WINDOW_ROWS:
            raise FeedMisuseError(
                f"a window of {self.window_rows:,} rows: it holds at most {MOST_WINDOW_ROWS:,}. For a uniform shuffle "
                "of all rows set block_rows and window_blocks to 1"
            )

    @property
    def window_rows(self) -> int:
        """Rows of a window."""
        return self.block_rows * self.window_blocks


DEFAULT_SHUFFLE = Shuffle()


@dataclass(frozen=True)
class EpochOrder:
    """The order of `rows` rows in one epoch; without `shuffle`, that of the table.

    `name` is that of a source in a mixture: with one seed, two sources have different orders.
    """

    rows: int
    seed: int
    epoch: int
    shuffle: Shuffle | None = DEFAULT_SHUFFLE
    name: str = ""

    def rows_at(self, positions: np.ndarray) -> np.ndarray:
        """(n,) positions below `rows` -> (n,) int64, the row at each."""
        positions = np.asarray(positions, np.int64)
        if self.shuffle is None:
            return positions
        if self.shuffle.window_rows == 1:
            return self._block_bijection(positions)
        window, local = self._windows(positions)
        found = np.empty(len(positions), np.int64)
        for number, span in runs(window):
            _window(self, number).take(local[span], out=found[span])
        return found

    def window_end(self, position: int) -> int:
        """The position at which the window of `position` ends: later positions lie in other blocks."""
        if self.shuffle is None:
            return self.rows
        window, _ = self._windows(np.array([position]))
        return self._start(int(window[0]) + 1)

    def _windows(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(window, place in the window) of each position."""
        assert self.shuffle is not None
        short = self.shuffle.block_rows - self._missing  # rows of the short block
        is_behind = positions >= self._short_place * self.shuffle.block_rows + short
        window = (positions + is_behind * self._missing) // self.shuffle.window_rows
        is_later = window * self.shuffle.window_blocks > self._short_place
        return window, positions - (window * self.shuffle.window_rows - self._missing * is_later)

    def _start(self, window: int) -> int:
        """The first position of a window."""
        assert self.shuffle is not None
        missing = self._missing if window * self.shuffle.window_blocks > self._short_place else 0
        return min(self.rows, window * self.shuffle.window_rows - missing)

    def rows_of_window(self, window: int) -> np.ndarray:
        """(m,) int64: the rows of a window in their order."""
        assert self.shuffle is not None
        first = window * self.shuffle.window_blocks
        places = np.arange(first, min(first + self.shuffle.window_blocks, self._blocks))
        blocks = self._block_bijection(places)[:, None] * self.shuffle.block_rows
        rows = (blocks + np.arange(self.shuffle.block_rows)).ravel()
        rows = rows[rows < self.rows]
        return rows[permutation(len(rows), key_of(ORDER, self.seed, self.name, self.epoch, "window", window))]

    @cached_property
    def _blocks(self) -> int:
        assert self.shuffle is not None
        return -(-self.rows // self.shuffle.block_rows)

    @property
    def _missing(self) -> int:
        """Rows that the last block of the table lacks."""
        assert self.shuffle is not None
        return self._blocks * self.shuffle.block_rows - self.rows

    @cached_property
    def _short_place(self) -> int:
        """Where the last block of the table goes."""
        return int(self._block_bijection.inverse(np.array([self._blocks - 1]))[0])

    @cached_property
    def _block_bijection(self) -> Bijection:
        return Bijection(self._blocks, key_of(ORDER, self.seed, self.name, self.epoch, "blocks"))


def runs(values: np.ndarray) -> Iterator[tuple[int, slice]]:
    """(value, where it is) of each run of equal values, none of which is negative."""
    if not len(values):
        return
    starts = np.flatnonzero(np.diff(values, prepend=-1)).tolist()
    for start, stop in zip(starts, [*starts[1:], len(values)], strict=True):
        yield int(values[start]), slice(start, stop)


@lru_cache(maxsize=8)
def _window(order: EpochOrder, window: int) -> np.ndarray:
    return order.rows_of_window(window)


def permutation(size: int, key: bytes) -> np.ndarray:
    """(size,) int64: the integers below `size` in the order of keyed hashes, of which equal ones keep their order."""
    numbers = np.arange(size, dtype=np.uint64)
    low = np.uint64((1 << MOST_WINDOW_ROWS.bit_length()) - 1)
    hashes = _mixed(_mixed(numbers ^ np.uint64(int.from_bytes(key[:8], "little"))) ^ np.frombuffer(key, "<u8")[1])
    return (np.sort(hashes & ~low | numbers) & low).astype(np.int64)
