"""One rank of a training that writes its losses, saves checkpoints, and goes on from the last one."""

import json
import time
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch.distributed as dist

from training.feed.opening import open_feed
from training.feed.torch_batches import FeedLoader
from training.feed_check.gpt import Size
from training.feed_check.trainer import Trainer


def train(rank: int, given: dict[str, Any]) -> None:
    """One rank of a training."""
    begun = time.perf_counter()
    checkpoint, losses = given["out"] / "checkpoint.pt", given["out"] / "losses.jsonl"
    trainer = Trainer(Size(given["vocabulary"]))
    state = trainer.load(checkpoint) if checkpoint.exists() else None
    feed = open_feed(
        given["lake"], given["name"], global_batch_size=given["global_batch"], rank=rank, ranks=given["ranks"], seed=7,
        state=state,
    )  # fmt: skip
    done = feed.steps.start // given["global_batch"]
    loader = FeedLoader(feed, given["workers"])
    if rank == 0:
        where = f"goes on after step {done}" if state else "begins"
        print(f"  {where}: ranks {given['ranks']}, workers of each {given['workers']}", flush=True)
        _keep(losses, done)
    for number, step in enumerate(islice(trainer.steps(loader), given["steps"] - done), start=done + 1):
        if rank:
            continue
        if number == done + 1:
            print(f"  first step after {time.perf_counter() - begun:.1f} s", flush=True)
        with losses.open("a") as stream:
            stream.write(json.dumps({"step": number, **asdict(step)}) + "\n")
        if number % given["every"] == 0:
            trainer.save(checkpoint, loader)
    if rank == 0:
        print(f"  step {given['steps']} done", flush=True)
    if dist.is_initialized():
        dist.barrier()


def _keep(losses: Path, steps: int) -> None:
    """Keeps the lines of the steps that are in the checkpoint; later ones are trained again."""
    lines = losses.read_text().splitlines(keepends=True)[:steps] if losses.exists() else []
    losses.write_text("".join(lines))
