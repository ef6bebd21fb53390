"""Makes the next items of an iterator while the last one is used."""

import atexit
import threading
from collections.abc import Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")

_PATIENCE = 10.0  # seconds for what is being read when a feed is left; a store that is away could take minutes
_WAIT = 0.2  # seconds between looks at whether anybody still wants items


def prefetched(items: Iterator[T], depth: int) -> Iterator[T]:
    """The same items, `depth` of them made ahead by a thread; an error is raised where its item would have come."""
    if depth < 1:
        yield from items
        return
    made: Queue[tuple[T | None, BaseException | None]] = Queue(depth)
    is_unwanted = threading.Event()

    def put(item: T | None, error: BaseException | None) -> bool:
        while not is_unwanted.is_set():
            try:
                made.put((item, error), timeout=_WAIT)
                return True
            except Full:
                continue
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item, None):
                    return
        except BaseException as error:
            put(None, error)
        else:
            put(None, StopIteration())

    thread = threading.Thread(target=make, name="tokenlake-feed-prefetch", daemon=True)

    def stop() -> None:
        is_unwanted.set()
        thread.join(_PATIENCE)

    thread.start()
    atexit.register(stop)  # a thread that is in C++ when the interpreter ends would abort the process
    try:
        while True:
            item, error = _next(made, thread)
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            assert item is not None
            yield item
    finally:
        stop()
        atexit.unregister(stop)


def _next(
    made: "Queue[tuple[T | None, BaseException | None]]", thread: threading.Thread
) -> tuple[T | None, BaseException | None]:
    while True:
        try:
            return made.get(timeout=_WAIT)
        except Empty:
            if not thread.is_alive() and made.empty():
                raise RuntimeError("the thread that reads ahead has ended without a word") from None
