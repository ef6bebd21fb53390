"""One server process: starts HTTP and gRPC, and ends when it is told to, without losing a request.

What happens after SIGTERM or SIGINT:

1. `/ready` says no. For `drain` seconds everything else goes on, so that load balancers can take notice.
2. Nothing is accepted any more. Each answer by HTTP says `Connection: close`; connections that are idle stay for
   `linger` seconds, so that a request which is on its way on one of them is still answered. Calls of gRPC from now on
   get UNAVAILABLE: its server, told to stop, would cancel calls that it has received and not yet begun.
3. What is left of the requests ends, at most within the time that a request may take. The exit status is 0.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from features.server.backend import Backend
from features.server.http import HttpApplication
from features.server.listening import bind, take_no_more
from features.server.log import Log
from features.server.one_write import OneWriteProtocol
from features.server.rpc import start_grpc
from features.server.settings import ServerSettingsError, Settings

_BACKLOG = 2048
_KEEP_ALIVE = 75  # seconds; longer than the pools of clients keep connections, so that they close them
_KEYS_SECONDS = 1.0
_ACCEPT_SECONDS = 0.05  # in which the loop accepts what the kernel has connected
_CALL_SECONDS = 0.3  # after which a client that asks one call after another would have called again


@dataclass(frozen=True)
class Ports:
    """Where a server listens."""

    http: int
    grpc: int | None


def run(settings: Settings, log: Log, announce: Callable[[Ports], None], until_end_of_input: bool = False) -> None:
    """Serves until a signal says stop.

    Args:
        settings: of the server.
        log: of its events.
        announce: is called when requests are accepted.
        until_end_of_input: whether the end of standard input says stop, too: the end of the process that started this.

    Raises:
        ServerSettingsError: an address cannot be bound.
        KeyFileError: the file of keys cannot be read.
    """
    signal.set_wakeup_fd(-1)  # of whoever handled signals before
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, log, announce, until_end_of_input))


async def _serve(settings: Settings, log: Log, announce: Callable[[Ports], None], until_end_of_input: bool) -> None:
    backend = Backend(settings, log)
    await backend.plans.refresh()
    listening = bind(settings.host, settings.port, settings.workers > 1)
    grpc_server, grpc_port = None, None
    if settings.grpc_port is not None:
        try:
            grpc_server, grpc_port = await start_grpc(backend, settings)
        except RuntimeError as error:
            raise ServerSettingsError(f"cannot listen on {settings.host}:{settings.grpc_port}: {error}") from error
    ports = Ports(listening.getsockname()[1], grpc_port)
    server = _Server(backend, grpc_server, lambda: announce(ports))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if until_end_of_input:
        loop.add_reader(sys.stdin.fileno(), server.stop_at_end, loop, sys.stdin.fileno())
    watchers = [
        loop.create_task(_repeat(settings.plan_interval, backend.plans.refresh, log)),
        loop.create_task(_repeat(_KEYS_SECONDS, backend.access.refresh, log)),
    ]
    try:
        await server.serve(sockets=[listening])
    finally:
        for watcher in watchers:
            watcher.cancel()
        await backend.close()


async def _repeat(seconds: float, look: Callable[[], Awaitable[None]], log: Log) -> None:
    """Looks for something new again and again; a defect in it is logged, and does not end it."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await look()
        except Exception:
            trace = traceback.format_exc()
            log.event("defect", trace, traceback=trace)


class _Server(uvicorn.Server):
    """uvicorn's server, which ends in the steps above."""

    def __init__(self, backend: Backend, grpc_server: Any, announce: Callable[[], None]) -> None:
        settings = backend.settings
        self._grace = max(settings.timeout, settings.push_timeout) + 1
        super().__init__(
            uvicorn.Config(
                HttpApplication(backend),
                http=OneWriteProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                log_level="critical",
                server_header=False,
                proxy_headers=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=int(self._grace) + 1,
            )
        )
        self._backend = backend
        self._grpc = grpc_server
        self._announce = announce

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled by `stop`: uvicorn's own handler would end the process by the signal."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, and says so."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is there now stays: collections need not look at it again
        self._announce()

    def stop(self) -> None:
        """Begins the end; a second time ends without waiting."""
        self.force_exit = self.should_exit
        self.should_exit = True

    def stop_at_end(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        """Begins the end when nothing is left to read."""
        with suppress(BlockingIOError):
            if not os.read(descriptor, 1024):
                loop.remove_reader(descriptor)
                self.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends in the steps above."""
        backend = self._backend
        backend.draining = True
        backend.log.event("draining", "stopping: requests that have begun are answered")
        await self._pause(backend.settings.drain)
        for listening in sockets or ():
            take_no_more(listening)
        await asyncio.sleep(_ACCEPT_SECONDS)
        for server in self.servers:
            server.close()
        backend.refusing = True
        await self._pause(backend.settings.linger, until_idle=True)
        grpc_stopped = None if self._grpc is None else asyncio.ensure_future(self._grpc.stop(self._grace))
        await super().shutdown(sockets)
        if grpc_stopped is not None:
            await grpc_stopped

    def _is_grpc_idle(self) -> bool:
        return time.monotonic() - self._backend.last_call > _CALL_SECONDS

    async def _pause(self, seconds: float, until_idle: bool = False) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end and not self.force_exit:
            if until_idle and not self.server_state.connections and self._is_grpc_idle():
                return
            await asyncio.sleep(0.02)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
