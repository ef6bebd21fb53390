"""A lock on an object store: an object that its holder renews, and that others may take over once it is not renewed.

Everything rests on conditional puts: of several writers one creates the object, one takes it over, and a holder that
was taken over cannot renew it. A holder that stood still for longer than a lease lasts, and goes on, is stopped when
it commits: commits to Delta's log are conditional puts too. The lease saves work, the log keeps tables right.
"""

import json
import os
import threading
import time
import uuid
from contextlib import suppress
from typing import Any

from pipelines.storage.errors import StorageError
from pipelines.storage.object_files import ObjectFiles

RENEWED = 5.0
"""Seconds after which a holder renews its lease."""

EXPIRED = 30.0
"""Seconds without renewal after which a lease may be taken over."""


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
        self._content = {**json.loads(holder), "id": uuid.uuid4().hex}
        self._version: Any = None
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> bytes | None:
        """Takes the lease, and renews it from now on; returns what names its holder where another has it.

        Waits for as long as it takes to see whether a lease that is there is still renewed.
        """
        while True:
            try:
                self._version = self._put_new()
                break
            except FileExistsError:
                pass
            try:
                held, version = self._files.read_version(self._path)
            except FileNotFoundError:
                continue  # released meanwhile
            if not self._is_abandoned(held, version):
                return held
            try:
                self._version = self._files.replace(self._path, self._bytes(), version)
                break
            except FileExistsError:
                continue
        self._renewing.start()
        return None

    def release(self) -> None:
        """Ends the lease. One that another has taken over stays."""
        self._ended.set()
        if self._renewing.is_alive():
            self._renewing.join()
        with suppress(FileNotFoundError, StorageError):
            held, _ = self._files.read_version(self._path)
            if json.loads(held).get("id") == self._content["id"]:
                self._files.delete(self._path)

    def _put_new(self) -> Any:
        self._files.create(self._path, self._bytes())
        return self._files.read_version(self._path)[1]

    def _bytes(self) -> bytes:
        return json.dumps({**self._content, "renewed": time.time()}).encode()

    def _is_abandoned(self, held: bytes, version: Any) -> bool:
        """Whether nobody renews a lease: its process has ended here, or it stays as it is for as long as it lasts."""
        if _ended_here(held, self._content):
            return True
        waited_until = time.monotonic() + self._expired
        while time.monotonic() < waited_until:
            time.sleep(min(1.0, self._expired / 4))
            try:
                if self._files.read_version(self._path)[1] != version:
                    return False
            except FileNotFoundError:
                return False
        return True

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED):
            try:
                self._version = self._files.replace(self._path, self._bytes(), self._version)
            except FileExistsError:
                return  # taken over: this process had stood still
            except StorageError:
                continue  # the store is away; the commits of this run will say so


def _ended_here(held: bytes, own: dict[str, Any]) -> bool:
    """Whether a lease belongs to a process of this machine that has ended."""
    try:
        who = json.loads(held)
        if who["host"] != own["host"] or who["pid"] == own["pid"]:
            return False
        os.kill(int(who["pid"]), 0)
    except ProcessLookupError:
        return True
    except (ValueError, KeyError, TypeError, OSError):
        return False
    return False
