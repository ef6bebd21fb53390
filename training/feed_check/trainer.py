"""Trains the small GPT from a feed so that the losses are equal to the bit for any number of ranks and workers.

Floats depend on the order in which they are added, and so on the ranks, unless care is taken: here the gradient of
each row is computed alone, all of them are gathered, and every rank adds them up in the order of the samples. What is
left to differ is the data. (A trainer of large models reduces gradients as its ranks have them: the same samples,
losses equal up to rounding.)

    B  rows of a rank     G  rows of all ranks, B * ranks     P  parameters
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from training.feed.errors import FeedMisuseError
from training.feed.torch_batches import IGNORED, FeedLoader, TorchBatch
from training.feed_check.gpt import GPT, Size, dense_mask, loss_sum

_LEARNING_RATE = 3e-3
_DECAYS = (0.9, 0.99)
_SEED = 1


@dataclass(frozen=True)
class Step:
    """What a step gave."""

    samples: int  # that are done, over all ranks
    loss: float  # mean over all targets of all ranks, before the step


class Adam:
    """Kingma and Ba, arXiv 1412.6980, algorithm 1. (torch.optim would take three seconds to import its compiler.)"""

    def __init__(self, parameters: int) -> None:
        self.steps = 0
        self.mean_P, self.square_P = torch.zeros(parameters), torch.zeros(parameters)

    def change(self, gradient_P: Tensor) -> Tensor:
        """(P,) what to add to the parameters."""
        self.steps += 1
        self.mean_P.lerp_(gradient_P, 1 - _DECAYS[0])
        self.square_P.lerp_(gradient_P.square(), 1 - _DECAYS[1])
        mean_P, square_P = (
            each / (1 - decay**self.steps) for each, decay in zip((self.mean_P, self.square_P), _DECAYS, strict=True)
        )
        return -_LEARNING_RATE * mean_P / (square_P.sqrt() + 1e-8)


class Trainer:
    """The model and its optimizer; `ranks` processes hold equal ones.

    Args:
        size: of the model, which always begins with the same parameters.
    """

    def __init__(self, size: Size) -> None:
        torch.manual_seed(_SEED)
        self.model = GPT(size)
        self.optimizer = Adam(sum(each.numel() for each in self.model.parameters()))

    def steps(self, loader: FeedLoader) -> Iterator[Step]:
        """Trains on all batches of a feed."""
        for batch in loader:
            yield Step(batch.samples, self.step(batch))

    def step(self, batch: TorchBatch) -> float:
        """One step of all ranks; the mean loss.

        Raises:
            FeedMisuseError: an id is none of the model's vocabulary.
        """
        largest = int(batch.token_ids().max())
        if largest >= self.model.size.vocabulary:
            raise FeedMisuseError(f"id {largest:,}: the model has {self.model.size.vocabulary:,}; give it more")
        rows_Bx2P = torch.stack([self._gradient(batch, row) for row in range(len(batch.ids))])
        total_2P = _gathered(rows_Bx2P).sum(0)
        loss, targets = total_2P[0], total_2P[1].clamp(min=1)
        parameters = list(self.model.parameters())
        with torch.no_grad():
            changed_P = parameters_to_vector(parameters) + self.optimizer.change(total_2P[2:] / targets)
            vector_to_parameters(changed_P, parameters)
        return float(loss / targets)

    def save(self, path: Path, loader: FeedLoader) -> None:
        """Writes a checkpoint, whole or not at all."""
        partial = path.with_suffix(".partial")
        torch.save(
            {
                "size": asdict(self.model.size),
                "model": self.model.state_dict(),
                "optimizer": vars(self.optimizer),
                "feed": loader.state_dict(),
            },
            partial,
        )
        os.replace(partial, path)

    def load(self, path: Path) -> dict[str, Any]:
        """Goes on from a checkpoint; returns the feed's state.

        Raises:
            FeedMisuseError: it is of a model of another size.
        """
        saved = torch.load(path, weights_only=True)
        if saved["size"] != asdict(self.model.size):
            raise FeedMisuseError(
                f"{path}: is of a model of {saved['size']}, this one is of {asdict(self.model.size)}"
            )
        self.model.load_state_dict(saved["model"])
        vars(self.optimizer).update(saved["optimizer"])
        state: dict[str, Any] = saved["feed"]
        return state

    def _gradient(self, batch: TorchBatch, row: int) -> Tensor:
        """(2 + P,): a row's sum of losses, its targets, and the gradient of the sum."""
        one = slice(row, row + 1)
        targets_1xL = batch.targets()[one]
        logits_1xLxV = self.model(batch.token_ids()[one], batch.positions()[one], dense_mask(batch.segments()[one]))
        loss = loss_sum(logits_1xLxV, targets_1xL)
        gradients = torch.autograd.grad(loss, list(self.model.parameters()))
        counts = torch.stack((loss.detach(), (targets_1xL != IGNORED).sum().to(loss.dtype)))
        return torch.cat((counts, parameters_to_vector(gradients)))


def _gathered(rows: Tensor) -> Tensor:
    """(B, ...) of each rank -> (G, ...) in the order of the samples: a rank's part of a step is consecutive."""
    if not dist.is_initialized():
        return rows
    parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, rows)
    return torch.cat(parts)


def in_ranks(function: Callable[..., None], ranks: int, folder: Path, *arguments: Any) -> None:
    """Runs `function(rank, *arguments)` in `ranks` processes of a gloo group; one rank runs in this process.

    Args:
        function: of a module, since it is pickled.
        ranks: R.
        folder: where the processes find each other.
        arguments: of the function.
    """
    if ranks == 1:
        torch.set_num_threads(1)  # as the processes below: results depend on it
        function(0, *arguments)
        return
    meeting = folder.resolve() / f".ranks-{os.getpid()}"
    meeting.unlink(missing_ok=True)
    try:
        torch.multiprocessing.spawn(  # type: ignore[attr-defined,no-untyped-call]
            _in_rank, (function, ranks, str(meeting), arguments), nprocs=ranks
        )
    finally:
        meeting.unlink(missing_ok=True)


def _in_rank(rank: int, function: Callable[..., None], ranks: int, meeting: str, arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=ranks)
    try:
        function(rank, *arguments)
    finally:
        dist.destroy_process_group()
