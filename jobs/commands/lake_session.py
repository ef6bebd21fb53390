"""A session for the commands that look at a lake that is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobs.commands.run import absolute

if TYPE_CHECKING:
    from jobs.lake import Lake


@contextmanager
def opened(root: str) -> Iterator["Lake"]:
    """A lake that exists, in a session that ends with the block.

    Raises:
        FileNotFoundError: there is no lake at `root`.
    """
    from jobs import session
    from jobs.lake import Lake

    spark = session.build()
    try:
        lake = Lake(spark, absolute(root))
        if not lake.tables():
            raise FileNotFoundError(f"{root}: no tables there; `tokenlake run CONFIG --lake {root}` makes a lake")
        yield lake
    finally:
        spark.stop()
