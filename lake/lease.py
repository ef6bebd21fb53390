"""A lock on an object store: an object that its holder renews, and that others may take over once it is not renewed.

Everything rests on conditional puts: of several writers one creates the object, one takes it over, and a holder that
was taken over cannot renew it. A holder that stood still for longer than a lease lasts, and goes on, is stopped before
it commits (`require`), and commits to Delta's log are conditional puts too: the lease saves work, the log keeps tables
right.
"""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.errors import TokenlakeError
from pipelines.storage.errors import StorageError
from pipelines.storage.object_files import ObjectFiles

RENEWED = 5.0
"""Seconds after which a holder renews its lease."""

EXPIRED = 30.0
"""Seconds without renewal after which a lease may be taken over."""

_SURE = EXPIRED / 2  # seconds after a renewal in which nobody can have taken the lease over


class LostLeaseError(TokenlakeError, RuntimeError):
    """Another process has taken the lease over."""


class Lease:
    """The lease at `path`.

    Args:
        files: of the store.
        path: of the object.
        holder: a JSON object that names this process (`pid`, `host`), for messages.
        expired: seconds without renewal after which another's lease is taken over.
    """

    def __init__(self, files: ObjectFiles, path: str, holder: bytes, expired: float = EXPIRED) -> None:
        self._files, self._path, self._expired = files, path, expired
        self._content = {**json.loads(holder), "machine": _machine(), "id": uuid.uuid4().hex}
        self._version: Any = None
        self._renewed = 0.0  # on the clock that goes on while the machine sleeps
        self._one = threading.Lock()
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> bytes | None:
        """Takes the lease, and renews it from now on; returns what names its holder where another has it.

        Waits for as long as it takes to see whether a lease that is there is still renewed.
        """
        while True:
            self._renewed = _clock()
            with suppress(FileExistsError):
                self._files.create(self._path, self._bytes())
            with suppress(FileNotFoundError, FileExistsError):  # released or taken over meanwhile
                held, version = self._files.read_version(self._path)
                if self._is_own(held):
                    self._version = version
                    self._renewing.start()
                    return None
                if not self._is_abandoned(held, version):
                    return held
                self._renewed = _clock()
                self._files.replace(self._path, self._bytes(), version)

    def require(self) -> None:
        """Requires that this process still holds the lease; asks the store only if the last renewal is long ago.

        Raises:
            LostLeaseError: another has taken it over, since this process stood still.
        """
        if _clock() - self._renewed > _SURE:
            self._renew_now()

    def release(self) -> None:
        """Ends the lease. One that another has taken over stays."""
        self._ended.set()
        if self._renewing.is_alive():
            self._renewing.join(RENEWED)  # while the store is away, the lease stays until it expires
        with suppress(FileNotFoundError, StorageError):
            held, _ = self._files.read_version(self._path)
            if self._is_own(held):
                self._files.delete(self._path)

    def _is_own(self, held: bytes) -> bool:
        try:
            return bool(json.loads(held)["id"] == self._content["id"])
        except (ValueError, KeyError, TypeError):
            return False

    def _bytes(self) -> bytes:
        return json.dumps({**self._content, "renewed": time.time()}).encode()

    def _is_abandoned(self, held: bytes, version: Any) -> bool:
        """Whether nobody renews a lease: its process has ended here, or it stays as it is for as long as it lasts."""
        if _ended_here(held, self._content):
            return True
        waited_until = time.monotonic() + self._expired
        while time.monotonic() < waited_until:
            time.sleep(min(1.0, self._expired / 4))
            if self._files.read_version(self._path)[1] != version:
                return False
        return True

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED):
            try:
                self._renew_now()
            except LostLeaseError:
                return  # the next commit says so
            except StorageError:
                continue  # the store is away; the commits of this run will say so

    def _renew_now(self) -> None:
        with self._one:
            begun = _clock()
            try:
                self._version = self._files.replace(self._path, self._bytes(), self._version)
            except (FileExistsError, FileNotFoundError):
                self._version = self._version_if_own()  # the answer to the last renewal may have been lost
            self._renewed = begun

    def _version_if_own(self) -> Any:
        with suppress(FileNotFoundError):
            held, version = self._files.read_version(self._path)
            if self._is_own(held):
                return version
        raise LostLeaseError(f"{self._path}: another run has taken over")


def _machine() -> str:
    """What shares process ids: a host since it was started, and on Linux a namespace of it (containers)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _clock() -> float:
    """Seconds, counted on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _ended_here(held: bytes, own: dict[str, Any]) -> bool:
    """Whether a lease belongs to a process of this machine that has ended."""
    try:
        who = json.loads(held)
        if who["machine"] != own["machine"] or who["pid"] == own["pid"]:
            return False
        os.kill(int(who["pid"]), 0)
    except ProcessLookupError:
        return True
    except (ValueError, KeyError, TypeError, OSError):
        return False
    return False
