"""What HTTP and gRPC share: who may ask, what is asked, the lookup, what is counted."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.consistency.request_log import RequestLog
from features.online.columns import RequestTooLargeError
from features.online.on_demand import OnDemandError
from features.online.vectors import FeatureVectors
from features.plan import PlanError
from features.server.access import Access, Caller
from features.server.errors import RequestError, as_request_error
from features.server.log import Log
from features.server.metrics import Metrics
from features.server.plans import Plans, Serving, ping
from features.server.push import Pushes
from features.server.request import Columns, FeaturesRequest, split_columns
from features.server.selection import AD_HOC, Selection
from features.server.settings import Settings
from features.store.errors import StoreError

_PING_SECONDS = 0.5

UNKNOWN = "unknown"
"""Stands in metrics for services that do not exist: callers do not make labels."""


@dataclass(slots=True)
class Result:
    """Features that were found, and what they are an answer to."""

    selection: Selection
    keys: Columns
    vectors: FeatureVectors


class Backend:
    """Answers requests for features, whichever protocol brought them.

    Attributes:
        draining: whether the server was told to stop.
        refusing: whether it takes no more calls over gRPC, which has no way to ask clients to go away first.
        last_call: when one last came, on the clock of `time.monotonic`.
    """

    def __init__(self, settings: Settings, log: Log) -> None:
        self.settings = settings
        self.log = log
        self.metrics = Metrics()
        self.plans = Plans(settings, log, self.metrics.plan)
        self.access = Access(settings.keys, settings.workers, log)
        self.pushes = Pushes(settings)
        self.draining = False
        self.refusing = False
        self.last_call = 0.0
        self._in_flight = 0
        self._requests = None if settings.request_log is None else RequestLog(settings.request_log, settings.sample)

    def caller(self, key: str | None) -> Caller:
        """The caller who presents a key; None: presents none.

        Raises:
            RequestError: 401, 429.
        """
        try:
            return self.access.caller(key, time.monotonic())
        except RequestError as error:
            if error.status == 429:
                self.metrics.rate_limited.inc()
            raise

    async def features(
        self, request: FeaturesRequest, caller: Caller, deadline: float, values: Mapping[str, list[Any]] | None = None
    ) -> Result:
        """Looks up what a request asks for.

        Args:
            request: what is asked.
            caller: who asks.
            deadline: on the clock of `time.monotonic`.
            values: the request's own values, where the protocol keeps them apart from the join keys.

        Raises:
            RequestError: what the caller is to be told.
            Exception: a defect of this program.
        """
        try:
            return await self._features(request, caller, deadline, values)
        except Exception as error:
            if isinstance(error, StoreError):
                self.metrics.store_errors.labels(type(error).__name__).inc()
            told = as_request_error(error)
            if told is None:
                raise
            raise told from error

    async def _features(
        self, request: FeaturesRequest, caller: Caller, deadline: float, values: Mapping[str, list[Any]] | None
    ) -> Result:
        wanted = request.wanted
        caller.may_read(wanted if isinstance(wanted, str) else None)
        serving = self.plans.current
        selection = serving.selection(wanted, request.full_feature_names)
        entities = {**request.entities, **values} if values else request.entities
        keys, given = split_columns(entities, selection, self.settings.limits)
        at_us = time.time_ns() // 1000
        vectors = await self._look_up(serving, selection, keys, given, deadline, at_us)
        self.metrics.served(selection.service, len(next(iter(keys.values()), ())), vectors, at_us)
        if self._requests is not None:
            service = None if selection.service == AD_HOC else selection.service
            answered = (serving.plan, service, keys, given, vectors, at_us)
            asyncio.get_running_loop().run_in_executor(None, self._record, self._requests, *answered)
        return Result(selection, keys, vectors)

    def _record(self, requests: RequestLog, *answered: Any) -> None:
        """Logs a request, in a thread: the disk holds no request up."""
        failures = requests.failures
        requests.record(*answered)
        if requests.failures > failures:
            self.metrics.log_failures.inc()

    async def _look_up(
        self, serving: Serving, selection: Selection, keys: Columns, given: Columns, deadline: float, at_us: int
    ) -> FeatureVectors:
        left = deadline - time.monotonic()
        if left <= 0:
            raise RequestError(504, "the deadline had passed before the lookup began")
        if self._in_flight >= self.settings.limits.in_flight:
            raise RequestError(503, f"{self._in_flight:,} requests are being answered; no more at once", retry_after=1)
        self._in_flight += 1
        self.metrics.in_flight.inc()
        try:
            return await serving.reader.get(
                selection.wanted, keys, given, timeout=left, at_us=at_us, full_names=selection.full_names
            )
        except RequestTooLargeError as error:
            raise RequestError(413, str(error)) from error
        except PlanError as error:  # the plan has what is asked for, so the columns are wrong
            raise RequestError(422, str(error)) from error
        except OnDemandError as error:
            self.log.event("on_demand", str(error), error=str(error))
            raise RequestError(422, f"{error}; the values of the request are outside what it can compute") from error
        finally:
            self._in_flight -= 1
            self.metrics.in_flight.dec()

    async def is_ready(self) -> RequestError | None:
        """None if requests can be answered: a plan is loaded, the store answers, nobody said stop; else why not."""
        if self.draining:
            return RequestError(503, "the server was told to stop")
        try:
            _ = self.plans.current
            await asyncio.to_thread(ping, self.settings.address, _PING_SECONDS)
        except RequestError as error:
            return error
        except StoreError as error:
            return RequestError(503, str(error))
        return None

    def label(self, request: FeaturesRequest | None) -> str:
        """What a request is called in metrics."""
        if request is None:
            return UNKNOWN
        if not request.feature_service:
            return AD_HOC
        try:
            self.plans.current.plan.service(request.feature_service)
        except (PlanError, RequestError):
            return UNKNOWN
        return request.feature_service

    async def close(self) -> None:
        """Closes what is open."""
        await self.plans.close()
        await asyncio.to_thread(self.pushes.close)
        if self._requests is not None:
            self._requests.close()
