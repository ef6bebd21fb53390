"""The thin edge to torch for sentence pairs: batches as padded tensors, and a loader with worker processes.

Ids go to the device in two or four bytes; int64, masks and shifted targets are made there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.feed.torch_batches import IGNORED, worker_options
from training.feed.translation_batch import Place, TranslationBatch
from training.feed.translation_feed import TranslationFeed

_CARRIERS = {2: (np.int16, 0xFFFF), 4: (np.int32, 0xFFFFFFFF)}  # torch can do little with unsigned numbers


@dataclass
class TorchTranslation:
    """B pairs, sources padded to S tokens and targets to T. `source` and `target` have the bits of unsigned numbers.

    With `tail="pad"`, B is 0 on ranks for which the last step has no batch: such a rank adds nothing to the loss, and
    still takes part in what the ranks do together.
    """

    source: torch.Tensor  # (B, S) int16 or int32
    target: torch.Tensor  # (B, T)
    source_lengths: torch.Tensor  # (B,) int64, separators included
    target_lengths: torch.Tensor  # (B,)
    source_languages: list[str]  # B
    target_languages: list[str]  # B
    separator_id: int
    step: int
    place: Place  # of the job after this step: `TranslationFeed.state` takes it

    def pin_memory(self) -> "TorchTranslation":
        """Copies to pinned memory, from which transfers overlap with work; DataLoader calls this."""
        return self._mapped(lambda tensor: tensor.pin_memory())

    def to(self, device: "torch.device | str", non_blocking: bool = True) -> "TorchTranslation":
        """Copies to a device."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def _mapped(self, change: Any) -> "TorchTranslation":
        names = ("source", "target", "source_lengths", "target_lengths")
        return replace(self, **{name: change(getattr(self, name)) for name in names})

    def source_ids(self) -> torch.Tensor:
        """(B, S) int64, where the batch is."""
        return _widened(self.source)

    def source_mask(self) -> torch.Tensor:
        """(B, S) bool: which ids are no padding."""
        return _is_there(self.source, self.source_lengths)

    def target_mask(self) -> torch.Tensor:
        """(B, T) bool: which inputs and labels of the decoder are no padding."""
        return _is_there(self.target, self.target_lengths)

    def decoder_input(self) -> torch.Tensor:
        """(B, T) int64: the separator, then the target without its last id."""
        ids = _widened(self.target)
        shifted = ids.roll(1, 1)
        shifted[:, :1] = self.separator_id
        return shifted

    def labels(self) -> torch.Tensor:
        """(B, T) int64: the target, its separator included; `IGNORED` in padding."""
        return torch.where(self.target_mask(), _widened(self.target), IGNORED)


def _widened(ids: torch.Tensor) -> torch.Tensor:
    return ids.to(torch.int64) & _CARRIERS[ids.element_size()][1]


def _is_there(ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    return torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]


def torch_translation(batch: TranslationBatch, separator_id: int) -> TorchTranslation:
    """A batch as tensors."""
    carrier, _ = _CARRIERS[batch.ids.dtype.itemsize]
    return TorchTranslation(
        torch.from_numpy(batch.sources().view(carrier)),
        torch.from_numpy(batch.targets().view(carrier)),
        torch.from_numpy(batch.source_lengths),
        torch.from_numpy(batch.target_lengths),
        [each.decode() for each in batch.source_languages.tolist()],
        [each.decode() for each in batch.target_languages.tolist()],
        separator_id,
        batch.step,
        batch.place,
    )


class TranslationDataset(IterableDataset):
    """A feed of pairs as torch's IterableDataset: whole batches, in the feed's order for any number of workers.

    Use it with `batch_size=None`, as `TranslationLoader` does. It has the `state_dict` and `load_state_dict` that
    torchdata's StatefulDataLoader calls.
    """

    def __init__(self, feed: TranslationFeed) -> None:
        self.feed = feed
        self._first = 0

    def __iter__(self) -> Iterator[TorchTranslation]:
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        for batch in self.feed.batches(worker, workers, self._first):
            self._first = batch.step + workers - worker
            yield torch_translation(batch, self.feed.format.separator_id)
        self._first = 0

    def state_dict(self) -> dict[str, Any]:
        """The step that this worker's next round begins with."""
        return {"first": self._first}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on there."""
        self._first = int(state["first"])


class TranslationLoader:
    """Batches of a feed of pairs from worker processes, and the state after the last batch that was taken.

    After a loop that was left early, the next one goes on; after one that came to the end, it begins anew.

    Args:
        feed: of this rank.
        workers: processes that read; 0: this one reads, with the feed's own thread ahead.
        options: of torch's DataLoader.

    Raises:
        FeedMisuseError: `persistent_workers`, which cannot go on where a loop was left.
    """

    def __init__(self, feed: TranslationFeed, workers: int = 0, pin_memory: bool = False, **options: Any) -> None:
        self.feed, self._place = feed, feed.begun
        self._dataset = TranslationDataset(feed)
        self._loader = DataLoader(
            self._dataset,
            batch_size=None,
            num_workers=workers,
            pin_memory=pin_memory,
            **worker_options(workers, options),
        )

    def __iter__(self) -> Iterator[TorchTranslation]:
        for batch in self._loader:
            self._place = batch.place
            self._dataset.load_state_dict({"first": batch.step + 1})  # for the workers of the next loop
            yield batch
        self._dataset.load_state_dict({"first": 0})

    def state_dict(self) -> dict[str, Any]:
        """The state of the whole job after the last batch that was taken: `open_translation(…, state=…)` goes on."""
        return self.feed.state(self._place)
