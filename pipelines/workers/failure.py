"""Sends an exception from a worker to the process that gave it the task."""

import os
import pickle
import traceback

from pipelines.workers.errors import WorkerError


def packed(error: BaseException) -> bytes:
    """The exception as bytes; only its type, message and traceback as text where it cannot be pickled."""
    story = "".join(traceback.format_exception(error)).rstrip()
    note = f"In worker process {os.getpid()}:\n{story}"
    try:
        whole = pickle.dumps(error)
        pickle.loads(whole)  # many exceptions with own constructor arguments can be pickled but not unpickled
    except Exception:
        whole = b""
    return pickle.dumps((whole, f"{type(error).__name__}: {error}", note))


def unpacked(message: bytes) -> BaseException:
    """The exception to raise: of its own type, else a WorkerError with its message; the traceback is a note."""
    whole, words, note = pickle.loads(message)
    error: BaseException
    try:
        error = pickle.loads(whole) if whole else WorkerError(words)
    except Exception:  # the class is known to the worker only
        error = WorkerError(words)
    error.add_note(note)
    return error
