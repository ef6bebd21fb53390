"""A session for the commands that look at a lake that is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.commands.run import absolute
from jobs.progress import Reporter

if TYPE_CHECKING:
    from jobs.lake import Lake


@contextmanager
def opened(root: str, reporter: Reporter) -> Iterator["Lake"]:
    """A lake that exists, in a session that ends with the block.

    Raises:
        FileNotFoundError: there is no lake at `root`.
    """
    nothing = FileNotFoundError(f"{root}: no tables there; `tokenlake run CONFIG --lake {root}` makes a lake")
    if "://" not in root and not Path(absolute(root)).is_dir():
        raise nothing
    from jobs import session
    from jobs.lake import Lake

    spark = session.build(tell=reporter.engine)
    try:
        lake = Lake(spark, absolute(root))
        if not lake.tables():
            raise nothing
        yield lake
    finally:
        spark.stop()
