"""Reads from Valkey or Redis in event loops: one connection for each loop, which its tasks share."""

import asyncio
import time
from weakref import WeakKeyDictionary

from features.online.read import Answer, Read
from features.online.valkey_pool import answer_of, pipeline
from features.store.address import ValkeyAddress
from features.store.back_off import BackOff
from features.store.errors import StoreTimeoutError, StoreUnavailableError
from features.store.valkey_stream import ValkeyStream, open_stream

CONNECT_SECONDS = 2.0
"""How long opening a connection may take. A lookup waits for it no longer than its own deadline."""


class ValkeyShared:
    """The connections of loops that one reader is used in."""

    def __init__(self, address: ValkeyAddress) -> None:
        self.address = address
        self._back_off = BackOff()
        self._opening: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[ValkeyStream]] = WeakKeyDictionary()

    async def read(self, wanted: Read, deadline: float) -> Answer:
        """Reads until a time on the clock of `time.monotonic`; once again if a connection is lost meanwhile.

        Raises:
            StoreError: the store could not be read, or not in time.
        """
        request, count = pipeline(wanted)
        stream, is_new = await self._stream(deadline)
        try:
            replies = await stream.execute(request, count, deadline)
        except StoreTimeoutError:
            raise
        except StoreUnavailableError:
            if is_new:
                raise
            stream, _ = await self._stream(deadline)
            replies = await stream.execute(request, count, deadline)
        return answer_of(wanted, replies, self.address)

    def close(self) -> None:
        """Closes the connection of the running loop."""
        opening = self._opening.pop(asyncio.get_running_loop(), None)
        if opening is None:
            return
        if opening.done() and not opening.cancelled() and opening.exception() is None:
            opening.result().close()
        opening.cancel()

    async def _stream(self, deadline: float) -> tuple[ValkeyStream, bool]:
        """The loop's connection, opened if there is none, and whether it was."""
        loop = asyncio.get_running_loop()
        opening = self._opening.get(loop)
        if opening is not None and opening.done() and _is_open(opening):
            return opening.result(), False
        if opening is None or opening.done():
            self._back_off.check()
            opening = self._opening[loop] = loop.create_task(self._open())
            opening.add_done_callback(_retrieved)
        left = deadline - time.monotonic()
        done, _ = await asyncio.wait([opening], timeout=left)
        if not done:
            raise StoreTimeoutError(f"online store {self.address} did not accept a connection in {left:.2f} s")
        return opening.result(), True

    async def _open(self) -> ValkeyStream:
        try:
            stream = await open_stream(self.address, CONNECT_SECONDS)
        except StoreTimeoutError:
            raise
        except StoreUnavailableError as error:
            self._back_off.failed(error)
            raise
        self._back_off.succeeded()
        return stream


def _is_open(opening: "asyncio.Task[ValkeyStream]") -> bool:
    return not opening.cancelled() and opening.exception() is None and opening.result().is_open


def _retrieved(opening: "asyncio.Task[ValkeyStream]") -> None:
    """Looks at the task's failure, so that it is not reported as overlooked when all who waited have given up."""
    if not opening.cancelled():
        opening.exception()
