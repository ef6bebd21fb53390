"""Main text of HTML pages."""

import atexit
import os
import select
import struct
import subprocess
import sys
import time

from pipelines.readers.config import Extractor

START_SECONDS = 60.0  # for the child to import trafilatura


class ExtractionError(Exception):
    """The extractor failed on a page."""


class ExtractionTimeoutError(ExtractionError):
    """The extractor took longer than allowed, and was stopped."""


def extract(html: str, extractor: Extractor, timeout: float) -> str:
    """The main text of a page, "" when it has none.

    Raises:
        ExtractionTimeoutError: not done after `timeout` seconds (trafilatura only: resiliparse is linear).
        ExtractionError: the extractor failed.
    """
    return _resiliparse(html) if extractor == "resiliparse" else _child.extract(html, timeout)


def _resiliparse(html: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    try:
        return extract_plain_text(html, main_content=True, list_bullets=True, alt_texts=False, links=False)
    except Exception as error:  # its own exceptions have no base of their own
        raise ExtractionError(f"resiliparse: {error}") from error


class Child:
    """trafilatura in a process of its own: it may hang or eat all memory, and is then killed and started again.

    Messages both ways: 4 bytes of length, little-endian, and that many bytes of UTF-8. An answer starts with one byte,
    0 for text and 1 for an error.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        atexit.register(self.stop)

    def extract(self, html: str, timeout: float) -> str:
        """The page's main text.

        Raises:
            ExtractionTimeoutError, ExtractionError: as the function above; the next call works again.
        """
        process = self._started()
        try:
            _send(process, html.encode("utf-8", "replace"))
            answer = _receive(process, time.monotonic() + timeout)
        except TimeoutError as error:
            self.stop()
            raise ExtractionTimeoutError(f"trafilatura: not done after {timeout:g} s") from error
        except (EOFError, OSError) as error:
            self.stop()
            raise ExtractionError("trafilatura: its process died") from error
        text = answer[1:].decode()
        if answer[:1] == b"\1":
            raise ExtractionError(f"trafilatura: {text}")
        return text

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.readers.extract_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                bufsize=0,
            )
            self._owner = os.getpid()  # a forked worker must not share its parent's child
            try:
                _receive(self._process, time.monotonic() + START_SECONDS)
            except (EOFError, TimeoutError, OSError) as error:
                self.stop()
                raise RuntimeError(
                    "extractor trafilatura does not start; install it with: pip install 'tokenlake[trafilatura]'"
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


_child = Child()


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
    data = b""
    while len(data) < count:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        piece = process.stdout.read(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
