"""One run at a time on a lake.

On a local lake the lock is flock(2): the kernel releases it when the process ends, even by `kill -9`. On an object
store it is a lease (`lake.lease`).
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from lake.lease import EXPIRED, Lease, LostLeaseError
from pipelines.errors import TokenlakeError
from pipelines.storage.object_files import ObjectFiles
from pipelines.storage.uri import LakeUri

FILE = "_lock"


_leases: dict[str, Lease] = {}  # lake -> what this process holds


class LakeBusyError(TokenlakeError, RuntimeError):
    """Another run holds the lake's lock."""


@contextmanager
def exclusive(lake: str) -> Iterator[None]:
    """Holds the lock of a lake until the block ends.

    Storage that is neither local nor an object store has no lock: there, the second of two runs fails when it commits
    (`Lake.commit_files`).

    Raises:
        LakeBusyError: another run holds it; the message names the process.
        OSError: the lake's folder cannot be written.
    """
    uri = LakeUri.parse(lake)
    if uri.is_local:
        with _locked(lake):
            yield
    elif uri.is_object:
        lease = Lease(ObjectFiles(), str(uri / FILE), _who())
        holder = lease.take()
        if holder is not None:
            raise _busy(lake, holder)
        _leases[str(uri)] = lease
        try:
            yield
        finally:
            _leases.pop(str(uri), None)
            lease.release()
    else:
        yield


def is_free(lake: str) -> bool:
    """Whether no run is at work on a lake. Of storage that has no lock nobody can tell: False."""
    uri = LakeUri.parse(lake)
    if uri.is_local:
        try:
            with open(Path(lake, FILE), "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            pass
        return True
    try:
        with exclusive(lake):
            return uri.is_object
    except LakeBusyError:
        return False


def require_held(lake: str) -> None:
    """Requires, before a commit, that the lease which this process has taken is still its own.

    Does nothing for a lake that has none, or of which this process has taken none.

    Raises:
        LakeBusyError: this process stood still for so long that another run has begun.
    """
    lease = _leases.get(lake)
    if lease is None:
        return
    try:
        lease.require()
    except LostLeaseError as error:
        raise LakeBusyError(
            f"{lake}: this run stood still for more than {EXPIRED:.0f} seconds, so another run has begun there. "
            "Nothing of this commit was written. When the other run has ended, run this command again."
        ) from error


def release_all() -> None:
    """Ends the leases of this process, which is about to end without leaving its blocks."""
    for lease in list(_leases.values()):
        lease.release()


@contextmanager
def _locked(lake: str) -> Iterator[None]:
    path = Path(lake, FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _busy(lake, path.read_bytes()) from error
        with suppress(OSError):  # a full disk: the lock holds, only the note about its holder is missing
            file.truncate(0)
            file.write(_who().decode())
            file.flush()
        yield


def _busy(lake: str, holder: bytes) -> LakeBusyError:
    return LakeBusyError(
        f"{lake}: another run is at work there ({_named(holder)}). "
        "Wait until it has ended, then run this command again: it processes what is still new."
    )


def _who() -> bytes:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}).encode()


def _named(holder: bytes) -> str:
    try:
        who = json.loads(holder)
        return f"process {who['pid']} on {who['host']}, since {who['since']}"
    except (ValueError, KeyError, TypeError):
        return "unknown process"
