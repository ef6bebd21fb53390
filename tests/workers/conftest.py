"""A pool of two worker processes for a file of tests: a fresh template warms for a second."""

from collections.abc import Iterator

import pytest

from pipelines.workers.pool import WorkerPool


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as pool:
        yield pool


@pytest.fixture
def own_pool() -> Iterator[WorkerPool]:
    """For tests that break things."""
    with WorkerPool(1) as pool:
        yield pool
