"""Functions of batches for tests, and what is asked of their results. All are nested: they go to workers by value."""

import pyarrow as pa


def numbers(*values):
    return pa.record_batch({"n": pa.array(values, pa.int64())})


def values(batches):
    return [value for batch in batches for value in batch.column(0).to_pylist()]


def identity():
    def same(batches):
        yield from batches

    return same


def process_ids():
    """A row a batch: the process that saw it."""

    def ids(batches):
        import os

        for _ in batches:
            yield pa.record_batch({"pid": [os.getpid()]})

    return ids


def spinning(seconds):
    """Keeps the interpreter busy for a while, then names its process, and when it began and ended."""

    def spin(batches):
        import os
        import time

        for _ in batches:
            begun = time.monotonic()
            while time.monotonic() - begun < seconds:
                pass
            yield pa.record_batch({"pid": [os.getpid()], "begun": [begun], "ended": [time.monotonic()]})

    return spin
