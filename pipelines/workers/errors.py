"""Errors of worker processes themselves, not of the functions that they run."""

from pipelines.errors import TokenlakeError


class WorkerError(TokenlakeError, RuntimeError):
    """A worker process ended before its task did, or cannot be started."""
