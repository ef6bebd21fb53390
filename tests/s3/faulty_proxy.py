"""A proxy in front of the S3 server that disturbs requests as a test tells it to.

It passes everything on as it comes, the header Host included, so signatures stay valid.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LONGEST_HEAD = 1 << 20
_PIECE = 256 << 10


@dataclass(frozen=True)
class Request:
    """What a client asks for. `path` holds the query."""

    method: str
    path: str
    length: int  # bytes of the body


@dataclass(frozen=True)
class Refuse:
    """Answers with an error of S3; the server does not see the request."""

    status: int
    code: str


@dataclass(frozen=True)
class Delay:
    """Waits before the server sees the request."""

    seconds: float


@dataclass(frozen=True)
class CutBody:
    """Ends the connection after so many bytes of the answer's body."""

    after: int


@dataclass(frozen=True)
class LoseAnswer:
    """The server does what it was asked; its answer never arrives."""


Disturbance = Refuse | Delay | CutBody | LoseAnswer
Rule = Callable[[Request], Disturbance | None]


@dataclass
class Proxy:
    """A running proxy. `rule` says what happens to each request; `seen` lists the requests and the answers' status.

    The status is 0 where the client got no answer.
    """

    address: str = ""
    rule: Rule = lambda request: None
    seen: list[tuple[Request, int]] = field(default_factory=list)


@contextmanager
def between(server: str) -> Iterator[Proxy]:
    """Starts a proxy on a free port in a thread of its own."""
    proxy, loop, started = Proxy(), asyncio.new_event_loop(), threading.Event()
    target = urlsplit(server)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            await _connection(proxy, str(target.hostname), int(target.port or 80), reader, writer)
        writer.close()

    async def start() -> asyncio.Server:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
        proxy.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        started.set()
        return listening

    def run() -> None:
        asyncio.set_event_loop(loop)
        listening = loop.run_until_complete(start())
        loop.run_forever()
        listening.close()
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _connection(
    proxy: Proxy, host: str, port: int, client: asyncio.StreamReader, answers: asyncio.StreamWriter
) -> None:
    """Passes on the requests of one connection, each on one to the server."""
    while True:
        try:
            head = await client.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        headers = _headers(head)
        if headers.get("expect") == "100-continue":
            answers.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = head.replace(b"Expect: 100-continue\r\n", b"").replace(b"expect: 100-continue\r\n", b"")
        body = await client.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, path, len(body))
        disturbance = proxy.rule(request)
        if isinstance(disturbance, Delay):
            await asyncio.sleep(disturbance.seconds)
        if isinstance(disturbance, Refuse):
            proxy.seen.append((request, disturbance.status))
            answers.write(_refusal(disturbance, method))
            await answers.drain()
            continue
        server, requests = await asyncio.open_connection(host, port, limit=LONGEST_HEAD)
        try:
            requests.write(head)
            requests.write(body)
            await requests.drain()
            status, whole = await _answer(method, server, answers, disturbance)
        finally:
            requests.close()
        proxy.seen.append((request, status if whole else 0))
        if not whole:
            return


async def _answer(
    method: str, server: asyncio.StreamReader, client: asyncio.StreamWriter, disturbance: Disturbance | None
) -> tuple[int, bool]:
    """(status, whether the client got all of it)."""
    head = await server.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    headers = _headers(head)
    if isinstance(disturbance, LoseAnswer):
        return status, False
    client.write(head)
    left = disturbance.after if isinstance(disturbance, CutBody) else None

    async def take(read: Callable[[int], Awaitable[bytes]], count: int) -> bool:
        """Passes on `count` bytes; False once the body is cut."""
        nonlocal left
        while count:
            piece = await read(min(count, _PIECE))
            count -= len(piece)
            if left is not None:
                client.write(piece[:left])
                left -= len(piece)
                if left <= 0:
                    await client.drain()
                    return False
            else:
                client.write(piece)
            await client.drain()
        return True

    if method == "HEAD" or status in (204, 304):
        await client.drain()
        return status, True
    if headers.get("transfer-encoding") == "chunked":
        while True:
            line = await server.readuntil(b"\r\n")
            client.write(line)
            size = int(line.split(b";")[0], 16)
            if not await take(server.readexactly, size + 2):
                return status, False
            if not size:
                return status, True
    return status, await take(server.readexactly, int(headers.get("content-length", 0)))


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _refusal(refused: Refuse, method: str) -> bytes:
    text = f"<?xml version='1.0'?><Error><Code>{refused.code}</Code><Message>{refused.code}</Message></Error>"
    body = b"" if method == "HEAD" else text.encode()
    head = f"HTTP/1.1 {refused.status} {refused.code}\r\nContent-Type: application/xml\r\n"
    return f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + body
