"""Dynamic masking for masked language models (Devlin et al. 2019; Liu et al. 2019): new masks in every epoch.

Of the tokens of a row that may be masked, a share is chosen. Of those, 80 % become the mask token, 10 % a random
token, and 10 % stay as they are; the model predicts all of them. Which ones, and what they become, is a hash of (seed,
epoch, key of the row, place in the row): the same for any batch that a row is in, and any number of workers.

The count is exact, not a chance for each token: `share` of the row's n tokens, rounded half up, and 1 at least where
n > 0. With whole words, words are taken in random order until the count of tokens is as near to that as words allow;
the first one is always taken. Each token of a word is then hidden, replaced or kept by a draw of its own.

B rows, L tokens of a row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from training.feed.errors import FeedMisuseError
from training.feed.order import key_of
from training.feed.tokenizer_json import WordParts, special_ids, word_parts

if TYPE_CHECKING:
    from pipelines.tables import SequenceFormat
    from training.feed.batch import Batch

IGNORED = -100
"""The label of tokens that are not predicted: what torch's `cross_entropy` leaves out."""

_BLOCK = 1 << 15  # tokens worked on at a time: what is computed of them fits a processor's cache
_LONG = 1024  # tokens of a row from which on selecting is faster than sorting
_STEP = np.uint64(0x9E3779B97F4A7C15)  # of SplitMix64 (Steele, Lea, Flood 2014)
_LATER = np.uint64(1 << 32)  # the second draw of a place is this many steps behind its first


@dataclass(frozen=True)
class Masking:
    """What is masked, and with what.

    Args:
        mask_id: hides a token.
        vocabulary: a random token is below.
        special_ids: are never masked, and never a random token.
        share: of a row's tokens that are predicted.
        masked: of these, the share that becomes `mask_id`.
        replaced: of these, the share that becomes a random token; the others stay.
        words: how tokens form words; with it, whole words are masked.

    Raises:
        FeedMisuseError: a share is not one, or every id is special.
    """

    mask_id: int
    vocabulary: int
    special_ids: frozenset[int]
    share: float = 0.15
    masked: float = 0.8
    replaced: float = 0.1
    words: WordParts | None = None

    def __post_init__(self) -> None:
        for name in ("share", "masked", "replaced"):
            if not 0 <= getattr(self, name) <= 1:
                raise FeedMisuseError(f"masking.{name} is {getattr(self, name)}: a share is from 0 to 1")
        if self.masked + self.replaced > 1 + 1e-9:
            raise FeedMisuseError(f"masking: masked + replaced is {self.masked + self.replaced}: more than all tokens")
        if not len(self.allowed):
            raise FeedMisuseError(f"masking: all {self.vocabulary:,} ids are special: none can be a random token")
        if self.words and len(self.words.first) < self.vocabulary:
            raise FeedMisuseError(
                f"masking.words knows {len(self.words.first):,} ids, the vocabulary has {self.vocabulary:,}: "
                "make it of the tokenizer.json of the table"
            )

    @staticmethod
    def of(
        described: "SequenceFormat", tokenizer: Mapping[str, Any], whole_words: bool = False, **shares: float
    ) -> "Masking":
        """For the rows of a table.

        Args:
            described: of the table, whose objective is masked.
            tokenizer: the content of its tokenizer.json.
            whole_words: whether whole words are masked.
            shares: other shares than the usual ones.

        Raises:
            FeedMisuseError: the table is of another objective, or the tokenizer does not tell words apart.
        """
        if described.mask_id is None or described.start_id is None or described.vocabulary is None:
            raise FeedMisuseError(
                f"a table of the objective {described.objective} names no mask token: masking needs a table that the "
                "section `masked` made"
            )
        own = {described.mask_id, described.start_id, described.separator_id, described.pad_id}
        words = word_parts(tokenizer, described.vocabulary) if whole_words else None
        special = frozenset(own | special_ids(tokenizer))
        return Masking(described.mask_id, described.vocabulary, special, words=words, **shares)

    @cached_property
    def allowed(self) -> np.ndarray:
        """(A,) the ids that a random token can be."""
        is_special = np.zeros(self.vocabulary, bool)
        is_special[[each for each in self.special_ids if each < self.vocabulary]] = True
        return np.flatnonzero(~is_special)

    @cached_property
    def _maskable(self) -> np.ndarray:
        """(V or more,) bool: whether an id may be masked."""
        table = np.ones(max(self.vocabulary, *(each + 1 for each in self.special_ids)), bool)
        table[list(self.special_ids)] = False
        return table

    def maskable(self, ids: np.ndarray) -> np.ndarray:
        """(B, L) ids -> (B, L) bool: all but special ones.

        Raises:
            FeedMisuseError: an id is not below the vocabulary, nor special.
        """
        try:
            return self._maskable.take(ids)
        except IndexError as error:
            raise FeedMisuseError(f"an id is {int(ids.max()):,}, the vocabulary has {self.vocabulary:,}") from error


def mask_batch(batch: "Batch", seed: int, settings: Masking) -> tuple[np.ndarray, np.ndarray]:
    """`mask` of a batch of the feed: a row's key is its source and its number in the table version.

    Raises:
        FeedMisuseError: an id is beyond the vocabulary.
    """
    row_keys = batch.row.astype(np.uint64) + (batch.source.astype(np.uint64) << np.uint64(48))
    return mask(batch.ids, settings.maskable(batch.ids), row_keys, seed, batch.epoch, settings)


def mask(
    ids: np.ndarray,
    maskable: np.ndarray,
    row_keys: np.ndarray,
    seed: int,
    epoch: int | np.ndarray,
    settings: Masking,
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses tokens and hides them.

    Args:
        ids: (B, L) uint16 or uint32.
        maskable: (B, L) bool, which of them may be chosen; see `Masking.maskable`.
        row_keys: (B,) uint64, names each row: the same row has the same key in every batch.
        seed: of the masks.
        epoch: of all rows, or (B,) of each.
        settings: what is masked.

    Returns:
        inputs: (B, L) of the type of `ids`.
        labels: (B, L) int32, the id that was there where a token is to be predicted, `IGNORED` elsewhere.
    """
    inputs, labels = ids.copy(), np.full(ids.shape, IGNORED, np.int32)
    states = _row_states(row_keys, seed, epoch)
    for rows in _blocks(*ids.shape) if settings.share else ():
        draws = _draws(states[rows], ids.shape[1])
        if settings.words is None:
            keys = _keys(draws, np.arange(ids.shape[1]), ids.shape[1])
        else:
            keys = _keys_of_words(draws, settings.words.begins(ids[rows], maskable[rows]))
        keys |= maskable[rows].astype(keys.dtype) - keys.dtype.type(1)
        count = _count(np.count_nonzero(maskable[rows], axis=1), settings.share)
        chosen = _choose(keys, count, settings.words is not None)
        _hide(inputs[rows], labels[rows], chosen, states[rows], settings)
    return inputs, labels


def _blocks(rows: int, length: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(length, 1))
    return (slice(begin, begin + step) for begin in range(0, rows, step))


def _mix(state: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64, in place: every bit of the input reaches every bit of the output."""
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state


def _row_states(row_keys: np.ndarray, seed: int, epoch: int | np.ndarray) -> np.ndarray:
    """(B,) uint64: where the sequence of each row's draws begins."""
    of_seed = np.frombuffer(key_of("masking", seed), "<u8")[0]
    epochs = np.broadcast_to(np.asarray(epoch), row_keys.shape).astype(np.uint64)
    return _mix(row_keys.astype(np.uint64) ^ _mix(of_seed + epochs * _STEP))


def _draws(states: np.ndarray, length: int) -> np.ndarray:
    """(n, L) uint32 from (n,) states: two of each step of SplitMix64."""
    steps = np.arange(1, -(-length // 2) + 1, dtype=np.uint64) * _STEP
    return _mix(states[:, None] + steps).astype("<u8", copy=False).view("<u4")[:, :length]


def _count(tokens: np.ndarray, share: float) -> np.ndarray:
    """(n,) how many of (n,) tokens are chosen."""
    wanted = np.floor(tokens * share + 0.5).astype(np.int64)
    return np.where(tokens > 0, np.maximum(wanted, 1), 0)


def _choose(keys: np.ndarray, count: np.ndarray, is_word: bool) -> np.ndarray:
    """(k,) places in the (n, L) block of the tokens that are chosen: those with the smallest keys of each row.

    Args:
        keys: (n, L); the tokens of a word have one key, those that may not be chosen the largest number.
        count: (n,) how many are wanted; 0 only of rows of which none may be chosen.
        is_word: whether several tokens have one key.
    """
    most = int(count.max(initial=1))
    found = np.partition(keys, most - 1, axis=1)[:, :most] if keys.shape[1] > _LONG else keys
    bound = np.sort(found, axis=1)[np.arange(len(keys)), np.maximum(count, 1) - 1]
    bound[count == 0] = 0
    if is_word:  # the last word comes in if the count is nearer with it
        below = np.count_nonzero(keys < bound[:, None], axis=1)
        through = np.count_nonzero(keys <= bound[:, None], axis=1)
        bound -= (below + through > 2 * count) & (below > 0)
    return np.flatnonzero(keys <= bound[:, None])


def _keys(draws: np.ndarray, places: np.ndarray, length: int) -> np.ndarray:
    """(m,) or (n, L) what tokens are ordered by: a draw, then the place in the row.

    In 31 bits, of rows of more than 32,768 tokens in 63. The place takes bits of the draw; where the others are equal,
    the earlier place comes first.
    """
    bits = (length - 1).bit_length()
    if bits < 16:
        return (draws >> np.uint32(1)) & ~np.uint32((1 << bits) - 1) | places.astype(np.uint32)
    return (draws.astype(np.uint64) << np.uint64(31)) & ~np.uint64((1 << bits) - 1) | places.astype(np.uint64)


def _keys_of_words(draws: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """(n, L) keys of which the tokens of a word have that of its first token; a row's first token begins one."""
    length = draws.shape[1]
    begins[:, 0] = True
    first = np.flatnonzero(begins)
    word = np.cumsum(begins.reshape(-1), dtype=np.int32) - 1
    keys: np.ndarray = _keys(draws.reshape(-1)[first], first % length, length).take(word).reshape(draws.shape)
    return keys


def _hide(inputs: np.ndarray, labels: np.ndarray, chosen: np.ndarray, states: np.ndarray, settings: Masking) -> None:
    """Writes labels and inputs of chosen places of a block."""
    flat = inputs.reshape(-1)
    labels.reshape(-1)[chosen] = flat[chosen]
    row, place = np.divmod(chosen, inputs.shape[1])
    drawn = _mix(states[row] + (place.astype(np.uint64) + _LATER) * _STEP)
    kind = drawn >> np.uint64(32)
    bounds = [round(each * (1 << 32)) for each in (settings.masked, min(1.0, settings.masked + settings.replaced))]
    hidden = kind < np.uint64(bounds[0])
    flat[chosen[hidden]] = settings.mask_id
    random = np.flatnonzero(~hidden & (kind < np.uint64(bounds[1])))
    number = ((drawn[random] & np.uint64(0xFFFFFFFF)) * np.uint64(len(settings.allowed))) >> np.uint64(32)
    flat[chosen[random]] = settings.allowed[number.astype(np.int64)]
