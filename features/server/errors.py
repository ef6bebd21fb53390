"""What a request can end with besides an answer: one error type, and what other errors mean to a caller."""

from features.layout.entity_key import EntityKeyError
from features.plan import PlanError
from features.store.errors import StoreError, StoreTimeoutError
from pipelines.errors import MisuseError, TokenlakeError


class RequestError(TokenlakeError):
    """A request is not answered.

    Args:
        status: of HTTP; gRPC has its own numbers for the same, see `rpc.py`.
        detail: for the caller: what is wrong, and what would be right.
        retry_after: seconds after which the same request may succeed.
    """

    def __init__(self, status: int, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


def as_request_error(error: BaseException) -> RequestError | None:
    """What an error means to a caller; None if it is a defect of this program."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, PlanError):
        return RequestError(404, str(error))
    if isinstance(error, EntityKeyError | MisuseError):
        return RequestError(422, str(error))
    if isinstance(error, StoreTimeoutError | TimeoutError):
        return RequestError(504, str(error) or "the request was not answered before its deadline")
    if isinstance(error, StoreError):
        return RequestError(503, str(error), retry_after=1)
    return None
