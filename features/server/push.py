"""`POST /push`: rows of a push source, in Feast's request, written by the writer of materialization."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from features.definition.view import CREATED
from features.plan import Plan
from features.server.errors import RequestError, as_request_error
from features.server.settings import Settings
from features.store.errors import StoreError

if TYPE_CHECKING:
    from features.materialization.push import Pusher

_SUFFIX = "_push"  # of a view's name, in Feast's registry
_WAITING = 64


class PushRequest(msgspec.Struct):
    """The body of `POST /push` (feast 0.67).

    Attributes:
        push_source_name: `<view>_push`.
        df: column -> a value for each row: join keys, features, `event_timestamp`; `created` is ignored, because rows
            are known since they came here.
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


class Pushes:
    """Stores pushed rows, one request after another, in a thread of its own. Nothing is imported before the first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, "push")
        self._waiting = 0
        self._pusher: Pusher | None = None
        self._plan: Plan | None = None

    async def push(self, request: PushRequest, plan: Plan, deadline: float) -> int:
        """Stores the rows of a request, and returns how many they were.

        Args:
            request: the rows.
            plan: that is served.
            deadline: on the clock of `time.monotonic`.

        Raises:
            RequestError: what the caller is to be told.
        """
        if self._waiting >= _WAITING:
            raise RequestError(503, f"{self._waiting} pushes are waiting; no more at once", retry_after=1)
        self._waiting += 1
        stored = asyncio.get_running_loop().run_in_executor(self._thread, self._store, request, plan)
        stored.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(stored), deadline - time.monotonic())
        except TimeoutError as error:
            if isinstance(error, StoreError):
                raise as_request_error(error) or error from error
            raise RequestError(504, "the rows were not stored before the deadline; they may still be") from None
        except Exception as error:
            told = as_request_error(error)
            if told is None:
                raise
            raise told from error

    def close(self) -> None:
        """Ends when what was begun is stored."""
        self._thread.shutdown(wait=True)
        if self._pusher is not None:
            self._pusher.close()

    def _done(self, stored: "asyncio.Future[int]") -> None:
        self._waiting -= 1
        if not stored.cancelled():
            stored.exception()  # of a request that no longer waits, it is of no interest

    def _store(self, request: PushRequest, plan: Plan) -> int:
        from features.materialization.push import To
        from features.quality.expectations import RefusedBatchError

        view = request.push_source_name.removesuffix(_SUFFIX)
        if not request.push_source_name.endswith(_SUFFIX):
            raise RequestError(422, f"no push source {request.push_source_name!r}; a view's is VIEW_push")
        if not request.df:
            raise RequestError(422, "df has no columns")
        to = To(request.to)
        if to is not To.ONLINE:
            self._require_lake()
        columns = {name: column for name, column in request.df.items() if name != CREATED}  # when is known here
        try:
            return self._pusher_of(plan, view).push(view, columns, to).rows
        except RefusedBatchError as error:
            raise RequestError(422, str(error)) from error

    def _pusher_of(self, plan: Plan, view: str) -> "Pusher":
        from features.catalogue.catalogue import CATALOGUE
        from features.materialization.push import Pusher
        from features.materialization.target import Target
        from features.quality.expectations import check
        from lake.lake import Lake

        if plan.views.get(view) != Plan.of(CATALOGUE).views.get(view):
            raise RequestError(503, f"view {view}: the plan in the store and this server differ; update one")
        if self._pusher is None or self._plan is not plan:
            if self._pusher is not None:
                self._pusher.close()
            views = {each.name: each for each in CATALOGUE.views}
            target = Target(self._settings.address, plan, self._settings.push_timeout)
            self._pusher, self._plan = Pusher(Lake(self._settings.lake or ""), target, views, check), plan
        return self._pusher

    def _require_lake(self) -> None:
        from pipelines.storage.uri import is_local

        lake = self._settings.lake
        if lake is None or (is_local(lake) and not os.path.isdir(lake)):
            raise RequestError(422, "this server has no lake, so rows can only be pushed to: online")
