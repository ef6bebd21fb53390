"""Functions, pickled to send to a worker."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

Batches = Iterator[pa.RecordBatch]
BatchFunction = Callable[[Batches], Batches]


@dataclass(frozen=True, slots=True)
class Pickled:
    """A pickled function; workers identify it by its digest."""

    payload: bytes
    digest: bytes

    @classmethod
    def of(cls, function: BatchFunction) -> "Pickled":
        """Pickles a function: closures, lambdas and definitions of `__main__` by value, all else by name.

        Raises:
            pickle.PicklingError: the function refers to something that cannot be pickled.
        """
        from pyspark import cloudpickle  # other users of this module import it without Spark

        payload = cloudpickle.dumps(function)
        return cls(payload, hashlib.blake2b(payload, digest_size=16).digest())

    def load(self) -> BatchFunction:
        """Unpickles the function."""
        function: BatchFunction = pickle.loads(self.payload)
        return function
