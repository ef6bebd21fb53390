"""Functions on their way to a worker."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

Batches = Iterator[pa.RecordBatch]
BatchFunction = Callable[[Batches], Batches]


@dataclass(frozen=True, slots=True)
class Pickled:
    """A function, pickled; the digest tells workers which one it is."""

    payload: bytes
    digest: bytes

    @classmethod
    def of(cls, function: BatchFunction) -> "Pickled":
        """Closures, lambdas and what `__main__` defines go by value, all else by name.

        Raises:
            pickle.PicklingError: the function holds on to something that cannot be pickled.
        """
        from pyspark import cloudpickle  # the arrays at the core import without Spark

        payload = cloudpickle.dumps(function)
        return cls(payload, hashlib.blake2b(payload, digest_size=16).digest())

    def load(self) -> BatchFunction:
        """The function again."""
        function: BatchFunction = pickle.loads(self.payload)
        return function
