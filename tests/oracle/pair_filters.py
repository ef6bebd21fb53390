"""OpusFilter's environment, beside the project's: benchmarks/peers/opusfilter, in the benchmarks' cache.

python -m oracle.pair_filters        makes it, or does nothing
"""

from pathlib import Path

from benchmarks.corpus import cache_folder
from benchmarks.environments import made, present

NAME = "opusfilter"


def python() -> Path | None:
    """The environment's interpreter; None where it is absent."""
    return present(NAME, cache_folder())


if __name__ == "__main__":
    print(made(NAME, cache_folder()))
