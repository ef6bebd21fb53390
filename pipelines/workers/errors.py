"""What goes wrong with worker processes, as opposed to in the functions that they run."""


class WorkerError(RuntimeError):
    """A worker process ended before its task did, or cannot be started."""
