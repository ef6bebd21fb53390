"""One run at a time on a lake.

The kernel holds the lock (flock(2)) and lets go when the process ends, however it ends: nothing is left to clean up.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from lake.storage import is_local

FILE = "_lock"


class LakeBusyError(RuntimeError):
    """Another run is at work on the lake."""


@contextmanager
def exclusive(lake: str) -> Iterator[None]:
    """Keeps other runs away from a lake until the block ends.

    A lake on object storage has no such lock: there the tables themselves refuse the second commit (`Lake.append`).

    Raises:
        LakeBusyError: another run has it; the message says which.
        OSError: the lake's folder cannot be written.
    """
    if not is_local(lake):
        yield
        return
    path = Path(lake, FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LakeBusyError(
                f"{lake}: another run is at work there ({_holder(path)}). "
                "Wait until it has ended, then give this command again: it does what is left to do."
            ) from error
        with suppress(OSError):  # on a full disk: only the note for others is lost
            file.truncate(0)
            file.write(json.dumps(_who()))
            file.flush()
        yield


def _who() -> dict[str, object]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text(encoding="utf-8"))
        return f"process {who['pid']} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError):
        return "which one is not known"
