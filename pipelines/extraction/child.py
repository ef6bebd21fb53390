"""The child process behind `extract.Child`: reads pages, writes their text, until its input ends."""

import ctypes
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import BinaryIO, cast

from pipelines.extraction.extractors import ExtractionError, Extractor, main_text
from pipelines.extraction.memory import LIMIT, is_taken_up, limit_memory
from pipelines.kernels.freed_memory import give_back

_PR_SET_PDEATHSIG = 1


def main(extractor: Extractor) -> None:
    """Sends one answer when ready, then one per page."""
    if sys.platform == "linux":  # also in the middle of a page that takes for ever
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    pages, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # prints to standard output must not mix with the answers
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # when memory runs out, the kernel kills this process, not the worker
    main_text("<p>Import everything.</p>", extractor)
    limit_memory()
    _answer(answers, b"\0")
    while len(head := pages.read(4)) == 4:
        html = pages.read(struct.unpack("<I", head)[0]).decode()
        try:
            _answer(answers, b"\0" + main_text(html, extractor).encode("utf-8", "replace"))
        except ExtractionError as error:
            _answer(answers, b"\1" + str(error).encode("utf-8", "replace"))
        except MemoryError as error:
            _answer(answers, _about_memory(extractor, error))
        del html
        give_back()  # costly pages take a hundred megabytes, and the process waits long for the next


def _about_memory(extractor: Extractor, error: MemoryError) -> bytes:
    if is_taken_up():
        return f"\1{extractor}: the page needs more than {LIMIT >> 30} GiB of memory".encode()
    return b"\2" + str(error).encode("utf-8", "replace")


def _answer(answers: BinaryIO, message: bytes) -> None:
    answers.write(struct.pack("<I", len(message)) + message)
    answers.flush()


if __name__ == "__main__":
    main(cast(Extractor, sys.argv[1]))
