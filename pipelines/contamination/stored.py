"""An index that lies in a lake, as tasks read it."""

from functools import lru_cache

from pipelines.contamination.index import Index, Lookup
from pipelines.storage.local_copy import local_copy


@lru_cache(maxsize=2)
def stored_lookup(location: str) -> tuple[Lookup, tuple[str, ...]]:
    """The tables and the benchmarks' names; read once for each process.

    Raises:
        FileNotFoundError: there is no such file.
    """
    index = Index.from_bytes(local_copy(location).read_bytes())
    return index.lookup(), index.names
