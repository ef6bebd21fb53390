"""Ctrl-C and SIGTERM: one line, and the end of the process, whatever it is doing.

Nothing is finished or undone first, because the next run continues after any end, `kill -9` included, and an orderly
end can take minutes: an engine that has seen the same Ctrl-C answers no more. A thread ends the process, because
Python's own handlers wait until the main thread returns from compiled code.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

_CLEAR_LINE, _SHOW_CURSOR = "\r\x1b[2K", "\x1b[?25h"  # a progress bar hides the cursor

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_STOP_SECONDS = 1.0
_NAME = "interruption"  # of the thread

_ending = threading.Lock()
_first: list[Callable[[], None]] = []


def _short_line(number: int) -> str:
    return f"tokenlake: interrupted by {signal.Signals(number).name}"


_line: Callable[[int], str] = _short_line


def tell(line: Callable[[int], str]) -> None:
    """Sets what is said on standard error when a signal of this number ends the process."""
    global _line
    _line = line


def first(stop: Callable[[], None]) -> None:
    """Adds what ends processes that would outlive this one, or stay behind it as zombies, or what deletes files that
    no later run would continue with; it may take a second."""
    _first.append(stop)


def watch() -> None:
    """From now on, SIGINT and SIGTERM end the process; signals that its parent told it to ignore stay ignored.

    May be called again.
    """
    if any(thread.name == _NAME for thread in threading.enumerate()):
        return
    watched = [number for number in _NUMBERS if signal.getsignal(number) != signal.SIG_IGN]
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in watched:
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_wait, args=(reader, frozenset(watched)), name=_NAME, daemon=True).start()


def end(number: int) -> NoReturn:
    """Says the line and ends the process with status 128 + number."""
    with _ending:  # never released: a second thread must not say it again
        mark = f"{_CLEAR_LINE}{_SHOW_CURSOR}" if sys.stderr.isatty() else ""
        with suppress(OSError):  # nobody listens
            said = os.dup(2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the line is the last: what fails now is of no interest
            os.write(said, f"{mark}{_line(number)}\n".encode())
        for stop in _first:
            thread = threading.Thread(target=stop, daemon=True)
            thread.start()
            thread.join(_STOP_SECONDS)
        os._exit(128 + number)


def _wait(reader: int, watched: frozenset[int]) -> None:
    while True:
        (number,) = os.read(reader, 1)
        if number in watched:
            end(number)
