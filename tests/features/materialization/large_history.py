"""A history of many entities in many data files, and a process that materializes it."""

import random
import time
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import feature_lake
from feature_lake import START
from processes import FORKED

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import EVENT_TIMESTAMP
from features.materialization.run import materialize
from features.materialization.target import Target
from features.plan import Plan
from features.store.address import parse_address
from features.store.errors import StoreError
from lake.lake import Lake

PLAN = Plan.of(CATALOGUE)
VIEW = "client_profile"
ENTITIES = 2000


def grow(lake: Lake, files: int, dice: random.Random, rows: int = 1500) -> None:
    """Adds data files with rows of random entities and times: many late, some corrections, some of the future."""
    for _ in range(files):
        feature_lake.append(lake, VIEW, [_row(dice) for _ in range(rows)])


def _row(dice: random.Random) -> dict[str, Any]:
    at = START + timedelta(minutes=dice.randrange(3000))
    return {
        "client_id": f"client-{dice.randrange(ENTITIES)}",
        "domain": "d" * dice.randrange(60),
        "tier": dice.choice(["free", "standard", "premium", None]),
        "requests_per_minute": dice.randrange(1000),
        "characters_per_day": dice.randrange(1 << 40),
        EVENT_TIMESTAMP: at,
        "created": at + timedelta(microseconds=dice.randrange(1 << 40)),  # so that no two are equal
    }


def run(root: str, url: str, timeout: float = 30.0) -> str:
    """Materializes in this process; the error's message, or nothing."""
    try:
        materialize(Lake(root), Target(parse_address(url), PLAN, timeout), VIEW)
    except StoreError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def start(root: Path | str, url: str) -> "tuple[BaseProcess, Any]":
    """A process that materializes, once it has everything imported; and where its error comes from."""
    ready, (end, far_end) = FORKED.Event(), FORKED.Pipe()
    process = FORKED.Process(target=_in_process, args=(str(root), url, ready, far_end))
    process.start()
    if not ready.wait(60):
        raise TimeoutError("the process did not start")
    return process, end


def _in_process(root: str, url: str, ready: Any, end: Any) -> None:
    Lake(root).files(f"features_{VIEW}")
    ready.set()
    end.send(run(root, url))


def duration(root: Path | str, url: str) -> float:
    """Seconds that a materialization takes."""
    begin = time.monotonic()
    assert run(str(root), url) == ""
    return time.monotonic() - begin
