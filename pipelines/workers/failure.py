"""An exception on its way from a worker to the process that gave it the task."""

import os
import pickle
import traceback

from pipelines.workers.errors import WorkerError


def packed(error: BaseException) -> bytes:
    """The exception, or what can be said of it where it cannot be pickled."""
    story = "".join(traceback.format_exception(error)).rstrip()
    note = f"In worker process {os.getpid()}:\n{story}"
    try:
        whole = pickle.dumps(error)
        pickle.loads(whole)  # exceptions with arguments of their own are often pickled well, but not read again
    except Exception:
        whole = b""
    return pickle.dumps((whole, f"{type(error).__name__}: {error}", note))


def unpacked(message: bytes) -> BaseException:
    """The exception to raise: of the type it had, or else a WorkerError with its words. The traceback is a note."""
    whole, words, note = pickle.loads(message)
    error: BaseException
    try:
        error = pickle.loads(whole) if whole else WorkerError(words)
    except Exception:  # the class is known to the worker only
        error = WorkerError(words)
    error.add_note(note)
    return error
