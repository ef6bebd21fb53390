"""Main text of HTML pages, in bounded time."""

import atexit
import logging
import os
import selectors
import struct
import subprocess
import time

from pipelines.child_process import environment, python
from pipelines.extraction.extractors import (
    INSTALL,
    ExtractionError,
    ExtractionTimeoutError,
    Extractor,
    ExtractorMissingError,
    main_text,
)
from pipelines.extraction.memory import killed_for_memory
from pipelines.extraction.page_cost import may_be_costly

START_SECONDS = 60.0  # for the child to import its extractor
SLOW_SECONDS = 1.0  # a page that takes longer is logged

_log = logging.getLogger(__name__)


def extract(html: str, extractor: Extractor, timeout: float) -> str:
    """The main text of a page, "" when it has none.

    All extractors run in a child process with a timeout, resiliparse only for the few pages that may be costly.

    Raises:
        ExtractionTimeoutError: not done after `timeout` seconds.
        ExtractionError: the extractor failed.
        ExtractorMissingError: it cannot be started.
        MemoryError: the machine has not enough memory for it.
    """
    if extractor == "resiliparse" and not may_be_costly(html):
        return main_text(html, extractor)
    if extractor not in _children:
        _children[extractor] = Child(extractor)
    return _children[extractor].extract(html, timeout)


class Child:
    """An extractor in its own process, which is killed and restarted when it hangs or uses up the memory.

    Messages both ways: 4 bytes of length, little-endian, and that many bytes of UTF-8. An answer starts with one byte,
    0 for text, 1 for an error of the page and 2 for one of the machine, which has no memory for the page.
    """

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        atexit.register(self.stop)

    def extract(self, html: str, timeout: float) -> str:
        """The page's main text.

        Raises:
            ExtractionTimeoutError, ExtractionError, ExtractorMissingError, MemoryError: as `extract`; the next call
                starts a new process.
        """
        process, killed_before = self._started(), killed_for_memory()
        started = time.monotonic()
        try:
            _send(process, html.encode("utf-8", "replace"))
            answer = _receive(process, time.monotonic() + timeout)
        except TimeoutError as error:
            self.stop()
            raise ExtractionTimeoutError(f"{self._extractor}: not done after {timeout:g} s") from error
        except (EOFError, OSError) as error:
            self.stop()
            if killed_for_memory() > killed_before:
                raise MemoryError(f"{self._extractor}: memory ran out, and its process was killed") from error
            raise ExtractionError(f"{self._extractor}: its process died") from error
        if (seconds := time.monotonic() - started) > SLOW_SECONDS:
            _log.warning("%s took %.1f s for a page of %d characters", self._extractor, seconds, len(html))
        text = answer[1:].decode()
        if answer[:1] == b"\1":
            raise ExtractionError(text)
        if answer[:1] == b"\2":
            raise MemoryError(text)
        return text

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process = subprocess.Popen(
                python("-m", "pipelines.extraction.child", self._extractor),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
                bufsize=0,
            )
            self._owner = os.getpid()  # a forked worker must not share its parent's child
            try:
                _receive(self._process, time.monotonic() + START_SECONDS)
            except (EOFError, TimeoutError, OSError) as error:
                self.stop()
                raise ExtractorMissingError(
                    f"extractor {self._extractor} does not start; to install it: {INSTALL[self._extractor]}"
                ) from error
        return self._process

    def stop(self) -> None:
        """Kills the process, if it is ours."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


_children: dict[Extractor, Child] = {}


def _send(process: "subprocess.Popen[bytes]", message: bytes) -> None:
    assert process.stdin is not None
    data = memoryview(struct.pack("<I", len(message)) + message)
    while data:
        data = data[process.stdin.write(data) :]


def _receive(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """One message; TimeoutError after the deadline, EOFError when the process ends."""
    (length,) = struct.unpack("<I", _read(process, 4, deadline))
    return _read(process, length, deadline)


def _read(process: "subprocess.Popen[bytes]", count: int, deadline: float) -> bytes:
    assert process.stdout is not None
    data = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(data) < count:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            piece = process.stdout.read(count - len(data))
            if not piece:
                raise EOFError
            data += piece
    return bytes(data)
