"""Which source each sample of a mixture comes from: a function of (quotas, seed, position), in constant memory.

Samples are numbered from 0. From the first sample of a phase on, every `window` samples hold exactly `quotas[s]` of
each source s. Within a window the samples of a source are spread evenly: each of its quota's equal intervals holds
one, at a keyed place. So of any B consecutive samples of a phase, a source has B * quota / window, give or take two.

S sources, n positions, W samples in a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from training.feed.errors import FeedMisuseError
from training.feed.order import key_of


class MixtureError(FeedMisuseError):
    """A mixture that cannot be fed; the message names the source and what to change."""


@dataclass(frozen=True)
class Phase:
    """The quotas of all sources from one sample on: (S,) integers that sum to the window."""

    start: int
    quotas: tuple[int, ...]


@dataclass(frozen=True)
class Mix:
    """Phases in order, the first from sample 0; `length` is None if there is always a next sample."""

    phases: tuple[Phase, ...]
    window: int
    seed: int
    length: int | None = None

    def sources_at(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) positions -> (n,) the source of each, and (n,) how many samples of that source come before it."""
        positions = np.asarray(positions, np.int64)
        source, before = np.empty(len(positions), np.int64), np.empty(len(positions), np.int64)
        numbers = np.searchsorted(self._starts, positions, side="right") - 1
        for number in np.unique(numbers):
            phase = self.phases[number]
            begun = np.array(self.counts_until(phase.start))  # (S,) samples of each source in earlier phases
            quotas = np.array(phase.quotas)
            chosen = np.flatnonzero(numbers == number)
            window, slot = np.divmod(positions[chosen] - phase.start, self.window)
            for each in np.unique(window):
                of_slot, count = arrangement(phase.quotas, self.seed, phase.start, int(each))
                inside = window == each
                found = of_slot[slot[inside]]
                source[chosen[inside]] = found
                before[chosen[inside]] = begun[found] + each * quotas[found] + count[slot[inside]]
        return source, before

    def phase_at(self, position: int) -> int:
        """The number of the phase that holds a position."""
        return int(np.searchsorted(self._starts, position, side="right")) - 1

    def counts_until(self, position: int) -> tuple[int, ...]:
        """(S,) samples of each source before a position."""
        total = np.zeros(len(self.phases[0].quotas), np.int64)
        stops = [*self._starts[1:], position]
        for phase, stop in zip(self.phases, stops, strict=True):
            samples = min(stop, position) - phase.start
            if samples > 0:
                total += self._counts_within(phase, samples)
        return tuple(total.tolist())

    def _counts_within(self, phase: Phase, samples: int) -> np.ndarray:
        """(S,) samples of each source among the first `samples` of a phase."""
        windows, rest = divmod(samples, self.window)
        of_slot, _ = arrangement(phase.quotas, self.seed, phase.start, windows)
        return windows * np.array(phase.quotas) + np.bincount(of_slot[:rest], minlength=len(phase.quotas))

    @property
    def _starts(self) -> list[int]:
        return [each.start for each in self.phases]


@lru_cache(maxsize=32)
def arrangement(quotas: tuple[int, ...], seed: int, phase: int, window: int) -> tuple[np.ndarray, np.ndarray]:
    """(W,) source of each slot of a window, and (W,) how many slots of that source come before it in the window."""
    source = np.repeat(np.arange(len(quotas)), quotas)
    count = np.concatenate([np.arange(quota) for quota in quotas])
    jitter = np.frombuffer(_bytes(seed, phase, window, 4 * len(source)), "<u4") / 2**32
    order = np.argsort((count + jitter) / np.array(quotas)[source], kind="stable")
    return source[order], count[order]


def _bytes(seed: int, phase: int, window: int, size: int) -> bytes:
    """Keyed bytes: BLAKE2b in counter mode."""
    blocks = range(-(-size // 64))
    return b"".join(key_of("mix", seed, phase, window, block) for block in blocks)[:size]


def quotas_of(weights: Sequence[float], window: int, names: Sequence[str]) -> tuple[int, ...]:
    """(S,) weights of samples -> (S,) integers that sum to `window`, by largest remainder (Hamilton's method).

    Raises:
        MixtureError: a weight is no positive number or zero, all are zero, or a source would get no sample.
    """
    for name, weight in zip(names, weights, strict=True):
        if not (weight >= 0 and np.isfinite(weight)):
            raise MixtureError(f"source {name}: weight {weight} must be zero or a positive number")
    total = sum(weights)
    if not total > 0:
        raise MixtureError(f"the weights of {', '.join(names)} sum to zero: give one of them a positive weight")
    exact = np.array(weights, np.float64) / total * window
    quotas = np.floor(exact).astype(np.int64)
    most = np.argsort(-(exact - quotas), kind="stable")[: window - int(quotas.sum())]
    quotas[most] += 1
    for name, weight, quota in zip(names, weights, quotas.tolist(), strict=True):
        if weight > 0 and quota == 0:
            raise MixtureError(
                f"source {name}: its weight gives {weight / total * window:.3f} of {window:,} samples: raise the "
                f"weight, or set window to {int(np.ceil(total / weight)):,} or more"
            )
    return tuple(quotas.tolist())


def bounded(mix: Mix, limits: Sequence[int | None], exhausted: str, names: Sequence[str]) -> Mix:
    """The mix of sources of which some have no more than `limits` samples (S,).

    Args:
        mix: without limits.
        limits: samples that a source may give, its epochs times its rows; None: any number.
        exhausted: what happens at the first sample that a source lacks. `stop`: the mix ends before it. `others`: a
            new phase begins, in which the other sources share the quota in proportion to theirs.
        names: of the sources.
    """
    while (found := _first_lack(mix, limits)) is not None:
        position, source = found
        number = mix.phase_at(position)
        begun = _without(mix.phases[number].quotas, source, mix.window, names)
        if exhausted == "stop" or begun is None:
            return replace(mix, length=position)
        earlier = [each for each in mix.phases if each.start < position]
        later = ((each, _without(each.quotas, source, mix.window, names)) for each in mix.phases[number + 1 :])
        kept = [Phase(each.start, quotas) for each, quotas in later if quotas]
        mix = replace(mix, phases=(*earlier, Phase(position, begun), *kept))
    return mix


def _without(quotas: Sequence[int], source: int, window: int, names: Sequence[str]) -> tuple[int, ...] | None:
    """The quotas once a source is exhausted; None if there is no other."""
    left = [0 if each == source else quota for each, quota in enumerate(quotas)]
    return quotas_of(left, window, names) if any(left) else None


def _first_lack(mix: Mix, limits: Sequence[int | None]) -> tuple[int, int] | None:
    """(position, source) of the first sample that a source cannot give; None if there is none."""
    for number, phase in enumerate(mix.phases):
        begun = mix.counts_until(phase.start)
        left = {
            source: (limit - have, quota)
            for source, (limit, have, quota) in enumerate(zip(limits, begun, phase.quotas, strict=True))
            if limit is not None and quota
        }
        if not left:
            continue
        windows = min(rest // quota for rest, quota in left.values())  # that all sources can fill
        of_slot, count = arrangement(phase.quotas, mix.seed, phase.start, windows)
        slot, source = min(
            (int(np.flatnonzero((of_slot == source) & (count == rest - windows * quota))[0]), source)
            for source, (rest, quota) in left.items()
            if rest - windows * quota < quota
        )
        position = phase.start + windows * mix.window + slot
        if number + 1 == len(mix.phases) or position < mix.phases[number + 1].start:
            return position, source
    return None
