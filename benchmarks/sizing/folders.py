"""The largest size that folders reach: intermediate rows of the lake, Spark's local files."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_INTERVAL = 1.0  # seconds between two looks


class Folders:
    """A context; `take` gives the largest size of each named folder that was seen since the last call, in bytes.

    `cpu_seconds` is what looking took.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self.cpu_seconds = 0.0
        self._peak_bytes = dict.fromkeys(folders, 0)

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def take(self) -> dict[str, int]:
        """The peaks so far; the next ones count from here."""
        found, self._peak_bytes = self._peak_bytes, dict.fromkeys(self._folders, 0)
        return found

    def _look_on(self) -> None:
        while not self._ended.wait(_INTERVAL):
            for name, folder in self._folders.items():
                self._peak_bytes[name] = max(self._peak_bytes[name], size(folder))
            self.cpu_seconds = time.thread_time()


def size(folder: Path) -> int:
    """Bytes of the files below a folder, those left out that go while they are looked at."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
