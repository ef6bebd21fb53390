"""HTTP: an ASGI application without a framework, because the route that matters is one.

POST /get-online-features   Feast's request and answer
POST /push                  Feast's request
GET  /health                200 while the process lives
GET  /ready                 200 while it can answer: a plan is loaded, the store answers, nobody told it to stop
GET  /metrics               for Prometheus
GET  /openapi.json          all of this, for programs
"""

import asyncio
import json
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from features.server.backend import UNKNOWN, Backend
from features.server.errors import RequestError
from features.server.metrics import CONTENT_TYPE
from features.server.openapi import document
from features.server.push import decode_push
from features.server.request import FeaturesRequest, decode_request
from features.server.response import encode_error, encode_response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON = b"application/json"
_READ_ANYWAY = 8  # times the limit


@dataclass(slots=True)
class _Answer:
    status: int
    body: bytes
    content_type: bytes = _JSON
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    service: str | None = None  # in metrics; None: not counted


class HttpApplication:
    """The ASGI application of one process."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._limit = backend.settings.limits.body_bytes
        self._openapi = json.dumps(document(backend.settings), indent=1).encode()
        self._routes: dict[str, dict[str, Callable[[Message, Receive], Awaitable[_Answer]]]] = {
            "/get-online-features": {"POST": self._features},
            "/push": {"POST": self._push},
            "/health": {"GET": self._health},
            "/ready": {"GET": self._ready},
            "/metrics": {"GET": self._metrics},
            "/openapi.json": {"GET": self._document},
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        answer = await self._answer(scope, receive)
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", b"%d" % len(answer.body)),
            *answer.headers,
        ]
        if self._backend.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        seconds = time.monotonic() - began
        if answer.service is not None:
            self._backend.metrics.request(answer.service, "http", answer.status, seconds)
        if self._backend.settings.access_log:
            self._log(scope, answer, seconds)

    async def _answer(self, scope: Message, receive: Receive) -> _Answer:
        methods = self._routes.get(scope["path"])
        if methods is None:
            return _Answer(404, encode_error(404, f"nothing is at {scope['path']}; /openapi.json lists what is"))
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        route = methods.get(method)
        if route is None:
            allowed = ", ".join(methods)
            body = encode_error(405, f"{scope['path']} answers {allowed}")
            return _Answer(405, body, headers=[(b"allow", allowed.encode())])
        try:
            return await route(scope, receive)
        except Exception:
            trace = traceback.format_exc()
            self._backend.log.event("defect", trace, path=scope["path"], traceback=trace)
            return _Answer(500, encode_error(500, "a defect of the server; its log has more"), service=UNKNOWN)

    async def _features(self, scope: Message, receive: Receive) -> _Answer:
        backend = self._backend
        request: FeaturesRequest | None = None
        try:
            headers = dict(scope["headers"])
            deadline = _deadline(headers, backend.settings.timeout)
            caller = backend.caller(_presented(headers))
            request = decode_request(await self._body(receive, deadline))
            result = await backend.features(request, caller, deadline)
            body = encode_response(
                result.selection, result.keys, result.vectors, request.include_feature_view_version_metadata
            )
        except RequestError as error:
            return _refused(error, backend.label(request))
        return _Answer(200, body, service=result.selection.service)

    async def _push(self, scope: Message, receive: Receive) -> _Answer:
        backend = self._backend
        try:
            headers = dict(scope["headers"])
            deadline = _deadline(headers, backend.settings.push_timeout)
            backend.caller(_presented(headers)).may_push()
            request = decode_push(await self._body(receive, deadline))
            rows = await backend.pushes.push(request, backend.plans.current.plan, deadline)
        except RequestError as error:
            return _refused(error, "push")
        backend.metrics.pushed.labels(request.push_source_name).inc(rows)
        return _Answer(200, b"", service="push")

    async def _health(self, scope: Message, receive: Receive) -> _Answer:
        return _Answer(200, b'{"status":"alive"}')

    async def _ready(self, scope: Message, receive: Receive) -> _Answer:
        trouble = await self._backend.is_ready()
        if trouble is not None:
            return _refused(trouble, None)
        plans = self._backend.plans
        said = {"status": "ready", "plan": plans.fingerprint}
        if plans.trouble:
            said["warning"] = f"{plans.trouble}; the plan as it was is still served"
        return _Answer(200, json.dumps(said).encode())

    async def _metrics(self, scope: Message, receive: Receive) -> _Answer:
        self._backend.metrics.plan_in_store.set(0 if self._backend.plans.trouble else 1)
        return _Answer(200, self._backend.metrics.text(), CONTENT_TYPE.encode())

    async def _document(self, scope: Message, receive: Receive) -> _Answer:
        return _Answer(200, self._openapi)

    async def _body(self, receive: Receive, deadline: float) -> bytes:
        """The body of a request. One that is too large is mostly read to its end, so that its sender sees the answer.

        Raises:
            RequestError: 413, it is too large; 408, it did not come in time.
        """
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                message = await receive()
                body: bytes = message.get("body", b"")
                if message.get("more_body"):
                    body = await self._rest(body, receive)
        except TimeoutError:
            raise RequestError(408, "the body of the request did not come before the deadline") from None
        if len(body) > self._limit:
            raise RequestError(413, f"the body has more than {self._limit:,} bytes; ask for fewer entities at once")
        return body

    async def _rest(self, first: bytes, receive: Receive) -> bytes:
        parts = [first]
        size = len(first)
        more = True
        while more and size <= _READ_ANYWAY * self._limit:
            message = await receive()
            more = message.get("more_body", False)
            part = message.get("body", b"")
            if size <= self._limit:
                parts.append(part)
            size += len(part)
        return b"".join(parts)

    def _log(self, scope: Message, answer: _Answer, seconds: float) -> None:
        client = (scope.get("client") or ("-",))[0]
        fields = {"method": scope["method"], "path": scope["path"], "status": answer.status, "client": client}
        text = f"{client} {scope['method']} {scope['path']} {answer.status} {seconds * 1000:.1f} ms"
        self._backend.log.event("request", text, protocol="http", **fields, milliseconds=round(seconds * 1000, 2))


def _refused(error: RequestError, service: str | None) -> _Answer:
    headers = []
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, -int(-error.retry_after // 1))))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.status in (408, 413):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    return _Answer(error.status, encode_error(error.status, error.detail), headers=headers, service=service)


def _deadline(headers: dict[bytes, bytes], longest: float) -> float:
    """The end of a request on the clock of `time.monotonic`; `X-Timeout-Ms` may only make it earlier.

    Raises:
        RequestError: 400, the header is no number.
    """
    asked = headers.get(b"x-timeout-ms")
    if asked is None:
        return time.monotonic() + longest
    if not asked.isdigit() or len(asked) > 9 or int(asked) == 0:
        raise RequestError(400, "X-Timeout-Ms is a number of milliseconds, 1 or more")
    return time.monotonic() + min(longest, int(asked) / 1000)


def _presented(headers: dict[bytes, bytes]) -> str | None:
    """The API key of a request."""
    authorization = headers.get(b"authorization")
    if authorization is not None and authorization[:7].lower() == b"bearer ":
        return authorization[7:].strip().decode("latin-1")
    key = headers.get(b"x-api-key")
    return None if key is None else key.strip().decode("latin-1")
