"""A sample of what was served, as JSON lines: what the consistency check compares with the tables.

An entity is sampled by the hash of its key. So all requests for a sampled entity are kept, its whole history, and the
sample is the same in every process and after every restart. A line is an `Answer`: one entity of one view.

Writing never breaks a request: what fails is counted, and the request goes on.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from features.consistency.answer import Answer, Columns, Served, answers
from features.plan import Plan

_logger = logging.getLogger(__name__)


class RequestLog:
    """Appends a sample of the requests of one process to files of its own. Several threads may use it.

    Args:
        folder: made if need be; several processes may share it.
        share: of the entities, from 0 to 1.
        file_bytes: a file that has reached this size is followed by a new one.
        folder_bytes: before a file begins, the oldest files are deleted until it fits into this.

    Attributes:
        lines: written so far.
        failures: requests that could not be written.
    """

    def __init__(
        self, folder: str | Path, share: float, file_bytes: int = 64 << 20, folder_bytes: int = 1 << 30
    ) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"a share is between 0 and 1, not {share}")
        self.folder = Path(folder)
        self.share = share
        self.file_bytes = file_bytes
        self.folder_bytes = folder_bytes
        self.lines = 0
        self.failures = 0
        self._lock = threading.Lock()
        self._file = -1
        self._size = 0
        self._process = 0
        self._is_torn = False
        self._begun = 0

    def record(
        self, plan: Plan, service: str | None, entities: Columns, request: Columns | None, served: Served, at_us: int
    ) -> int:
        """Writes the sampled entities of one request; when it returns, the operating system has the lines.

        Args:
            plan: that the answer was made by.
            service: that was asked for; None if features were asked for by name.
            entities: column -> one value for each row, as they were asked for.
            request: likewise, what on-demand views were given; may be None.
            served: the answer.
            at_us: time of the request, microseconds since the epoch.

        Returns:
            The number of lines written; 0 if that failed, which `failures` counts.
        """
        if not self.share:
            return 0
        try:
            sample = answers(plan, service, entities, request or {}, served, at_us, self.share)
            lines = [answer.to_json() + "\n" for answer in sample]
            if lines:
                self._append("".join(lines).encode())
        except Exception as error:  # whatever it is, the answer to the request is good
            self.failures += 1
            if self.failures.bit_count() == 1:  # the first, second, fourth, eighth, …
                _logger.warning("request log %s: %d requests not logged: %r", self.folder, self.failures, error)
            return 0
        self.lines += len(lines)
        return len(lines)

    def close(self) -> None:
        """Closes the file. The next record begins another."""
        with self._lock:
            self._close()

    def _append(self, data: bytes) -> None:
        with self._lock:
            if self._process != os.getpid():  # a forked process writes a file of its own
                self._file, self._process = -1, os.getpid()
            if self._file < 0 or self._size >= self.file_bytes:
                self._begin()
            if self._is_torn:
                data = b"\n" + data
            self._is_torn = True
            while data:
                written = os.write(self._file, data)
                self._size += written
                data = data[written:]
            self._is_torn = False

    def _begin(self) -> None:
        self._close()
        self.folder.mkdir(parents=True, exist_ok=True)
        files = log_files(self.folder)
        total = sum(file.stat().st_size for file in files)
        while files and total + self.file_bytes > self.folder_bytes:
            total -= files[0].stat().st_size
            files.pop(0).unlink(missing_ok=True)
        self._begun += 1
        name = f"requests-{time.time_ns():020d}-{os.getpid()}-{self._begun}.jsonl"
        self._file = os.open(self.folder / name, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o640)
        self._size, self._is_torn = 0, False

    def _close(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                os.close(self._file)
        self._file = -1


def log_files(folder: str | Path) -> list[Path]:
    """The files of a folder of requests, oldest first."""
    return sorted(Path(folder).glob("requests-*.jsonl"))


def read_log(folder: str | Path, since_us: int = 0) -> Iterator[Answer | None]:
    """The answers in a folder of requests, not older than a time; None for each line that is none."""
    for file in log_files(folder):
        with suppress(FileNotFoundError), open(file, "rb") as lines:  # a server may just have deleted it
            for line in filter(bytes.strip, lines):
                try:
                    answer = Answer.from_json(line)
                except ValueError:
                    yield None
                    continue
                if answer.at >= since_us:
                    yield answer
