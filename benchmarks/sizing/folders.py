"""The largest size that folders reach while a command runs: intermediate rows of the lake, Spark's local files."""

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_INTERVAL = 0.3  # seconds between two looks


class Folders:
    """A context in which a command runs; `peak_bytes` holds the largest size of each named folder that was seen."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        self.peak_bytes = dict.fromkeys(folders, 0)

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

    def _look_on(self) -> None:
        while not self._ended.wait(_INTERVAL):
            for name, folder in self._folders.items():
                self.peak_bytes[name] = max(self.peak_bytes[name], size(folder))


def size(folder: Path) -> int:
    """Bytes of the files below a folder, those left out that go while they are looked at."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
