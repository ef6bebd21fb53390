"""One run at a time on a lake.

The lock is flock(2): the kernel releases it when the process ends, even by `kill -9`, so no stale lock remains.
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
from pipelines.errors import TokenlakeError

FILE = "_lock"


class LakeBusyError(TokenlakeError, RuntimeError):
    """Another run holds the lake's lock."""


@contextmanager
def exclusive(lake: str) -> Iterator[None]:
    """Holds the lock of a lake until the block ends.

    Object storage has no such lock: there, the second of two runs fails when it commits (`Lake.commit_files`).

    Raises:
        LakeBusyError: another run holds it; the message names the process.
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
                "Wait until it has ended, then run this command again: it processes what is still new."
            ) from error
        with suppress(OSError):  # a full disk: the lock holds, only the note about its holder is missing
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
        return "unknown process"
