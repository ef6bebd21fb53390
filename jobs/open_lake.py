"""Opens a lake in a notebook or a program."""

from jobs.commands.lake_session import existing
from jobs.engine.choice import Settings, choose, make
from lake import contract
from lake.lake import Lake


def open_lake(root: str, engine: str = "auto") -> Lake:
    """An existing lake with an engine: `lake.read("documents")` is a DataFrame.

    The engine starts at the first read. `lake.engine.session` is its session, `lake.engine.stop()` ends it.

    Args:
        root: a folder or URI.
        engine: `auto`, `sail`, `spark` or `connect`, as the commands' `--engine`.

    Raises:
        ContractError: the lake follows another contract.
        FileNotFoundError: there is no lake at `root`.
        EngineError: the engine cannot be used here.
    """
    contract.require(existing(root))
    return existing(root, make(choose(None, engine), Settings(lake=root)))
