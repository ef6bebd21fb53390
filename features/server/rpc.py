"""gRPC: Feast's `ServingService`, so that its clients work, and the health protocol of gRPC.

API keys are metadata, `authorization: Bearer KEY` or `x-api-key: KEY`; the deadline is the call's own.
"""

import time
import traceback
from typing import Any

import grpc
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from features.server.backend import UNKNOWN, Backend, Result
from features.server.errors import RequestError
from features.server.messages import request_of, response_of
from features.server.openapi import tokenlake_version
from features.server.protos import serving_pb2 as messages
from features.server.request import FeaturesRequest
from features.server.settings import Settings

SERVICE = "feast.serving.ServingService"
PATH = f"/{SERVICE}/GetOnlineFeatures"
HEALTH = "grpc.health.v1.Health"

_SERVING, _NOT_SERVING = b"\x08\x01", b"\x08\x02"  # HealthCheckResponse with its only field, `status`
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class Rpc:
    """Handlers of calls. Requests come as bytes, so that malformed ones get a status of their own."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def features(self, data: bytes, context: Any) -> bytes:
        """Answers `GetOnlineFeatures`."""
        backend, began = self._backend, time.monotonic()
        backend.last_call = began
        left = context.time_remaining()
        limit = backend.settings.timeout
        deadline = began + (limit if left is None else min(limit, left))
        request: FeaturesRequest | None = None
        try:
            if backend.refusing:
                raise RequestError(503, "the server is stopping; ask another one")
            caller = backend.caller(_presented(context))
            request, values = request_of(_parsed(data))
            result = await backend.features(request, caller, deadline, values)
            found = _response(request, result)
            answer: bytes = found.SerializeToString()
        except RequestError as error:
            self._end(request, error.status, began, context)
            details = error.detail
            if error.retry_after is not None:
                context.set_trailing_metadata((("retry-after", f"{error.retry_after:.3f}"),))
            await context.abort(_CODES[error.status], details)
        except Exception:
            trace = traceback.format_exc()
            backend.log.event("defect", trace, path=PATH, traceback=trace)
            self._end(request, 500, began, context)
            await context.abort(grpc.StatusCode.INTERNAL, "a defect of the server; its log has more")
        self._end(request, 200, began, context)
        return answer

    async def info(self, data: bytes, context: Any) -> bytes:
        """Answers `GetFeastServingInfo`."""
        found: bytes = messages.GetFeastServingInfoResponse(
            version=f"tokenlake {tokenlake_version()}"
        ).SerializeToString()
        return found

    async def health(self, data: bytes, context: Any) -> bytes:
        """Answers `Check` of the health protocol: whether requests can be answered, as `/ready` says by HTTP."""
        return _SERVING if await self._backend.is_ready() is None else _NOT_SERVING

    def _end(self, request: FeaturesRequest | None, status: int, began: float, context: Any) -> None:
        """Counts a call, and logs it if calls are logged."""
        backend, seconds = self._backend, time.monotonic() - began
        label = UNKNOWN if status == 500 else backend.label(request)
        backend.metrics.request(label, "grpc", status, seconds)
        if backend.settings.access_log:
            fields = {"path": PATH, "status": status, "client": context.peer()}
            text = f"{context.peer()} {PATH} {status} {seconds * 1000:.1f} ms"
            backend.log.event("request", text, protocol="grpc", **fields, milliseconds=round(seconds * 1000, 2))


async def start_grpc(backend: Backend, settings: Settings) -> tuple[Any, int]:
    """A running gRPC server, and its port.

    Raises:
        RuntimeError: the address cannot be bound.
    """
    limits = settings.limits
    server = grpc.aio.server(
        options=(
            ("grpc.max_receive_message_length", limits.body_bytes),
            ("grpc.so_reuseport", int(settings.workers > 1)),
        )
    )
    handlers = Rpc(backend)
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                SERVICE,
                {
                    "GetOnlineFeatures": grpc.unary_unary_rpc_method_handler(handlers.features),
                    "GetFeastServingInfo": grpc.unary_unary_rpc_method_handler(handlers.info),
                },
            ),
            grpc.method_handlers_generic_handler(
                HEALTH, {"Check": grpc.unary_unary_rpc_method_handler(handlers.health)}
            ),
        )
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = server.add_insecure_port(f"{host}:{settings.grpc_port}")
    await server.start()
    return server, port


def _parsed(data: bytes) -> Any:
    try:
        return messages.GetOnlineFeaturesRequest.FromString(data)
    except DecodeError as error:
        raise RequestError(400, f"this is no GetOnlineFeaturesRequest: {error}") from None


def _response(request: FeaturesRequest, result: Result) -> Any:
    try:
        return response_of(
            result.selection, result.keys, result.vectors, request.include_feature_view_version_metadata
        )
    except (ValueError, OverflowError) as error:
        raise RequestError(422, f"a computed feature is out of range: {error}") from error


def _presented(context: Any) -> str | None:
    """The API key of a call."""
    metadata = {name: value for name, value in context.invocation_metadata() if isinstance(value, str)}
    authorization = metadata.get("authorization")
    if authorization is not None and authorization[:7].lower() == "bearer ":
        return authorization[7:].strip()
    return metadata.get("x-api-key")
