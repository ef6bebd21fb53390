"""How fast a training step of the small GPT is with the feed and with one constant batch, and copies to a GPU."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask

from training.feed.torch_batches import IGNORED, FeedLoader, TorchBatch
from training.feed_check.gpt import GPT, Mask, Size, block_mask, dense_mask, loss_sum

_LEARNING_RATE = 3e-4
_COPY_BYTES = 64 << 20
_COPIES = 20


class TrainingStep:
    """A compiled step: a batch on the device to a changed model.

    Args:
        size: of the model.
        device: where it is.
        attention: `sdpa` or `flex_attention`.
        compiled: whether torch compiles it.
    """

    def __init__(self, size: Size, device: torch.device, attention: str, compiled: bool) -> None:
        torch.manual_seed(1)
        self.device, self.attention = device, attention
        self.model = GPT(size).to(device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), _LEARNING_RATE, fused=device.type == "cuda")
        self._compile: Callable[[Any], Any] = torch.compile if compiled else lambda function: function
        self._loss = self._compile(self._loss_of)
        self._create = self._compile(create_block_mask)

    def __call__(self, batch: TorchBatch) -> Tensor:
        """The mean loss before the step, on the device; nothing waits for it."""
        targets_BxL = batch.targets()
        loss = self._loss(batch.token_ids(), batch.positions(), self._mask(batch.segments()), targets_BxL)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def saved(self) -> dict[str, Any]:
        """A copy of model and optimizer."""
        return {
            "model": {name: each.clone() for name, each in self.model.state_dict().items()},
            "optimizer": _copied(self.optimizer.state_dict()),
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Goes back to a copy, or on from it."""
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(_copied(saved["optimizer"]))

    def _mask(self, segments_BxL: Tensor) -> Mask:
        return dense_mask(segments_BxL) if self.attention == "sdpa" else block_mask(segments_BxL, self._create)

    def _loss_of(self, ids_BxL: Tensor, positions_BxL: Tensor, mask: Mask, targets_BxL: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            logits_BxLxV = self.model(ids_BxL, positions_BxL, mask)
        return loss_sum(logits_BxLxV, targets_BxL) / (targets_BxL != IGNORED).sum()


def _copied(state: Any) -> Any:
    if isinstance(state, Tensor):
        return state.clone()
    if isinstance(state, dict):
        return {name: _copied(each) for name, each in state.items()}
    return [_copied(each) for each in state] if isinstance(state, list) else state


@dataclass(frozen=True)
class StepSpeed:
    """Medians over rounds, in which both kinds of steps take turns."""

    with_feed: float  # seconds of a step
    with_constant: float  # seconds of a step on one batch that is on the device
    waited: float  # share of the time with the feed in which the program waits for a batch and starts its copy


def step_speed(step: TrainingStep, loader: FeedLoader, steps: int, rounds: int) -> StepSpeed:
    """Measures steps; the first ones, in which torch compiles, do not count."""
    fed = on_device(loader, step.device)
    constant = next(fed)
    for _ in range(3):
        step(next(fed)), step(constant)
    with_feed, with_constant, waited = [], [], []
    for _ in range(rounds):
        seconds, _ = _timed(step, repeat(constant), steps)
        with_constant.append(seconds)
        seconds, wait = _timed(step, fed, steps)
        with_feed.append(seconds)
        waited.append(wait / seconds)
    return StepSpeed(median(with_feed), median(with_constant), median(waited))


def on_device(loader: FeedLoader, device: torch.device) -> Iterator[TorchBatch]:
    """Batches on the device; their copies do not wait."""
    for batch in loader:
        yield batch.to(device)


def _timed(step: TrainingStep, batches: Iterator[TorchBatch], steps: int) -> tuple[float, float]:
    """Seconds of a step, and those of them in which the program waits for a batch."""
    _finish(step.device)
    begun, waited = time.perf_counter(), 0.0
    for _ in range(steps):
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        step(batch)
    _finish(step.device)
    return (time.perf_counter() - begun) / steps, waited / steps


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def copy_rates(device: torch.device) -> dict[str, float]:
    """GB/s from memory to the GPU, from pinned pages and from plain ones."""
    target = torch.empty(_COPY_BYTES, dtype=torch.uint8, device=device)
    found = {}
    for name, is_pinned in (("pinned", True), ("unpinned", False)):
        source = torch.empty(_COPY_BYTES, dtype=torch.uint8, pin_memory=is_pinned).fill_(1)
        target.copy_(source, non_blocking=True)
        _finish(device)
        begun = time.perf_counter()
        for _ in range(_COPIES):
            target.copy_(source, non_blocking=True)
        _finish(device)
        found[name] = _COPIES * _COPY_BYTES / (time.perf_counter() - begun) / 1e9
    return found
