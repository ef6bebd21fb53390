"""The thin edge to torch: batches as tensors, and a data set for torch's DataLoader.

Everything else of the feed works without torch. Ids go to the device in two or four bytes and become int64 there.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.feed.batch import Batch
from training.feed.errors import FeedMisuseError
from training.feed.feed import Feed

IGNORED = -100
"""Label of positions without a target: what torch's cross entropy leaves out."""

_CARRIERS = {2: (np.int16, 0xFFFF), 4: (np.int32, 0xFFFFFFFF)}  # torch can do little with unsigned numbers


@dataclass
class TorchBatch:
    """B rows of L ids. `ids` has the bits of unsigned numbers in int16 or int32, as the table stores them.

    `cu_seqlens` (Q + 1,) int32 says where segments begin in the B * L ids: documents, and the padding behind those of
    a row, of which `is_padding` (Q,) tells. `samples` goes into `Feed.state`.
    """

    ids: torch.Tensor
    cu_seqlens: torch.Tensor
    is_padding: torch.Tensor
    longest: int  # of the segments
    step: int
    samples: int
    columns: dict[str, torch.Tensor]

    def pin_memory(self) -> "TorchBatch":
        """Copies to pinned memory, from which transfers overlap with work; DataLoader calls this."""
        return self._mapped(lambda tensor: tensor.pin_memory())

    def to(self, device: "torch.device | str", non_blocking: bool = True) -> "TorchBatch":
        """Copies to a device."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def _mapped(self, change: Any) -> "TorchBatch":
        columns = {name: change(tensor) for name, tensor in self.columns.items()}
        return TorchBatch(
            change(self.ids), change(self.cu_seqlens), change(self.is_padding), self.longest, self.step, self.samples,
            columns,
        )  # fmt: skip

    def token_ids(self) -> torch.Tensor:
        """(B, L) int64, where the batch is."""
        return self.ids.to(torch.int64) & _CARRIERS[self.ids.element_size()][1]

    def segments(self) -> torch.Tensor:
        """(B, L) int64: the number of each id's segment, over the whole batch."""
        lengths = (self.cu_seqlens[1:] - self.cu_seqlens[:-1]).to(torch.int64)
        numbers = torch.arange(len(lengths), device=lengths.device)
        return torch.repeat_interleave(numbers, lengths, output_size=self.ids.numel()).view(self.ids.shape)

    def positions(self) -> torch.Tensor:
        """(B, L) int64: the place of each id in its segment, from 0."""
        place = torch.arange(self.ids.numel(), device=self.ids.device).view(self.ids.shape)
        return place - self.cu_seqlens[:-1].to(torch.int64)[self.segments()]

    def targets(self) -> torch.Tensor:
        """(B, L) int64: the next id of the same document; `IGNORED` at its last id and in padding."""
        segments, ids = self.segments(), self.token_ids()
        follows = (segments[:, 1:] == segments[:, :-1]) & ~self.is_padding[segments[:, :-1]]
        targets = torch.full_like(ids, IGNORED)
        targets[:, :-1] = torch.where(follows, ids[:, 1:], targets[:, :-1])
        return targets


def torch_batch(batch: Batch) -> TorchBatch:
    """A batch as tensors that share its memory."""
    carrier, _ = _CARRIERS[batch.ids.dtype.itemsize]
    lengths, is_padding = batch.segments()
    cu_seqlens = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return TorchBatch(
        torch.from_numpy(batch.ids.view(carrier)),
        torch.from_numpy(cu_seqlens),
        torch.from_numpy(is_padding),
        int(lengths.max()) if len(lengths) else 0,
        batch.step,
        batch.samples,
        {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in batch.columns.items()},
    )


class FeedDataset(IterableDataset):
    """A feed as torch's IterableDataset: whole batches, in the feed's order for any number of workers.

    Use it with `batch_size=None`; `loader` does. In a process of its own it also has the `state_dict` and
    `load_state_dict` that torchdata's StatefulDataLoader calls.
    """

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._first = 0

    def __iter__(self) -> Iterator[TorchBatch]:
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        for batch in self.feed.batches(worker, workers, self._first):
            self._first = batch.step + workers - worker
            yield torch_batch(batch)
        self._first = 0

    def state_dict(self) -> dict[str, Any]:
        """The step that this worker's next round begins with."""
        return {"first": self._first}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on there."""
        self._first = int(state["first"])


def forkserver() -> Any:
    """Workers are forked from a process without threads, since a fork of one with threads can hang; it imports torch
    once for all."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def worker_options(workers: int, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a DataLoader with the workers of this module.

    Raises:
        FeedMisuseError: `persistent_workers`.
    """
    if options.get("persistent_workers"):  # they have read ahead, and would go on behind batches that nobody took
        raise FeedMisuseError("persistent_workers: leave it out; each loop starts workers where the last one was left")
    if not workers:
        return options
    ends = _EndsWithParent(options.get("worker_init_fn"))
    return {"multiprocessing_context": forkserver(), **options, "worker_init_fn": ends}


class _EndsWithParent:
    """Ends a worker when the training process dies. Torch looks at the parent's number, which for a worker of a fork
    server is that of the server, so workers of a killed training would stay."""

    def __init__(self, then: Callable[[int], None] | None) -> None:
        self._then = then

    def __call__(self, worker: int) -> None:
        """In the worker, before its first batch."""
        parent = parent_process()
        if parent is not None:
            Thread(target=_end_after, args=(parent,), daemon=True).start()
        if self._then is not None:
            self._then(worker)


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


class FeedLoader:
    """Batches of a feed from worker processes, and the state after the last batch that was taken.

    After a loop that was left early, the next one goes on; after one that came to the end, it begins anew.

    Args:
        feed: of this rank.
        workers: processes that read; 0: this one reads, with the feed's own thread ahead.
        options: of torch's DataLoader, for instance `prefetch_factor`, `multiprocessing_context`.

    Raises:
        FeedMisuseError: `persistent_workers`, which cannot go on where a loop was left.
    """

    def __init__(self, feed: Feed, workers: int = 0, pin_memory: bool = False, **options: Any) -> None:
        self.feed, self._samples = feed, feed.steps.start
        self._dataset = FeedDataset(feed)
        self._loader = DataLoader(
            self._dataset,
            batch_size=None,
            num_workers=workers,
            pin_memory=pin_memory,
            **worker_options(workers, options),
        )

    def __iter__(self) -> Iterator[TorchBatch]:
        for batch in self._loader:
            self._samples = batch.samples
            self._dataset.load_state_dict({"first": batch.step + 1})  # for the workers of the next loop
            yield batch
        self._dataset.load_state_dict({"first": 0})

    def state_dict(self) -> dict[str, Any]:
        """The state of the whole job after the last batch that was taken: `open_feed(…, state=…)` goes on from it."""
        return self.feed.state(self._samples)
