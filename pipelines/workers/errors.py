"""Errors of worker processes themselves, not of the functions that they run."""


class WorkerError(RuntimeError):
    """A worker process ended before its task did, or cannot be started."""
