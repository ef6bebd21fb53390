"""Opens the lake for commands that need an existing one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.engine.choice import Settings, choose, make
from jobs.progress import Reporter
from lake import contract
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.storage.uri import is_local, lake_root

if TYPE_CHECKING:
    from jobs.engine.base import Engine


def existing(root: str, engine: "Engine | None" = None) -> Lake:
    """An existing lake.

    Raises:
        MissingPathError: there is no lake at `root`.
    """
    lake = Lake(lake_root(root), engine)
    if (is_local(root) and not Path(lake.root).is_dir()) or not lake.tables():
        raise MissingPathError(f"{root}: no tables there; `tokenlake run CONFIG --lake {root}` makes a lake")
    return lake


@contextmanager
def opened(root: str, engine: str | None, reporter: Reporter) -> Iterator[tuple[Lake, "Engine"]]:
    """An existing lake and an engine, which is stopped when the block ends.

    Raises:
        ContractError: the lake follows another contract.
        MissingPathError: there is no lake at `root`.
    """
    contract.require(existing(root))
    made = make(choose(engine, "auto"), Settings(engine_output=reporter.engine_output, lake=root))
    try:
        yield existing(root, made), made
    finally:
        made.stop()
