"""What Prometheus reads from `/metrics`.

Counts are made once for each column of an answer, not for each value. Several worker processes write theirs to files
of one folder, which `PROMETHEUS_MULTIPROC_DIR` names; whichever worker is asked adds them up.
"""

import os
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from features.freshness import Status
from features.online.vectors import FeatureVectors

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_DAY = 86_400
_AGES = (1, 10, 60, 600, 3600, 6 * 3600, _DAY, 7 * _DAY, 30 * _DAY, 90 * _DAY, 365 * _DAY)
_PRESENT = int(Status.PRESENT)  # comparing plain numbers is faster
_COUNTED = (int(Status.PRESENT), int(Status.NULL_VALUE))  # of rows that are fresh


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        made = self._registry = CollectorRegistry()
        prefix = "tokenlake_features"
        self._seconds = Histogram(
            f"{prefix}_request_seconds",
            "Time from the head of a request to its answer",
            ("service", "protocol"),
            buckets=_SECONDS,
            registry=made,
        )
        self._requests = Counter(
            f"{prefix}_requests", "Requests by status", ("service", "protocol", "status"), registry=made
        )
        self._values = Counter(
            f"{prefix}_values", "Values served, by the status of freshness", ("view", "status"), registry=made
        )
        self._ages = Histogram(
            f"{prefix}_served_age_seconds",
            "Age of the oldest row of a view in an answer: time of the request less the row's event time",
            ("view",),
            buckets=_AGES,
            registry=made,
        )
        self._entities = Counter(f"{prefix}_entities", "Entities asked for", ("service",), registry=made)
        self.in_flight = Gauge(
            f"{prefix}_requests_in_flight", "Requests being answered", registry=made, multiprocess_mode="livesum"
        )
        self.store_errors = Counter(
            f"{prefix}_store_errors", "Requests that failed because of the store", ("kind",), registry=made
        )
        self.log_failures = Counter(
            f"{prefix}_request_log_failures", "Requests that the log of requests did not take", registry=made
        )
        self.rate_limited = Counter(f"{prefix}_rate_limited", "Requests beyond the rate of a key", registry=made)
        self.pushed = Counter(f"{prefix}_pushed_rows", "Rows pushed", ("source",), registry=made)
        self._plan = Gauge(
            f"{prefix}_plan_info",
            "1 for the plan that is served",
            ("fingerprint",),
            registry=made,
            multiprocess_mode="livemax",
        )
        self.plan_in_store = Gauge(
            f"{prefix}_plan_in_store",
            "0 while the store holds no plan that can be served, for instance because it was emptied",
            registry=made,
            multiprocess_mode="livemin",
        )
        self._fingerprint: str | None = None
        self._children: dict[tuple[str, str, int], tuple[Histogram, Counter]] = {}
        self._entity_children: dict[str, Counter] = {}
        self._age_children: dict[str, Histogram] = {}
        self._value_children: dict[tuple[str, int], Counter] = {}

    def request(self, service: str, protocol: str, status: int, seconds: float) -> None:
        """Counts a request that was answered, with features or an error."""
        key = (service, protocol, status)
        children = self._children.get(key)
        if children is None:
            children = self._children[key] = (
                self._seconds.labels(service, protocol),
                self._requests.labels(service, protocol, str(status)),
            )
        children[0].observe(seconds)
        children[1].inc()

    def served(self, service: str, rows: int, vectors: FeatureVectors, at_us: int) -> None:
        """Counts the values of an answer, and how old they are.

        Args:
            service: that was asked.
            rows: entities of the request.
            vectors: the answer.
            at_us: time of the request, microseconds since the epoch.
        """
        entities = self._entity_children.get(service)
        if entities is None:
            entities = self._entity_children[service] = self._entities.labels(service)
        entities.inc(rows)
        counts: dict[tuple[str, int], int] = {}
        aged: set[str] = set()
        last: tuple[str, Sequence[int]] | None = None
        columns = 0  # that have the same statuses, usually because all are PRESENT
        for view, statuses, times in zip(vectors.views, vectors.statuses, vectors.event_times, strict=True):
            if last is not None and statuses is last[1] and view == last[0]:
                columns += 1
                continue
            if last is not None:
                _count(counts, *last, columns)
            last, columns = (view, statuses), 1
            if view not in aged:
                aged.add(view)
                oldest = _oldest(statuses, times)
                if oldest is not None:
                    self._age(view).observe((at_us - oldest) / 1e6)
        if last is not None:
            _count(counts, *last, columns)
        for key, number in counts.items():
            child = self._value_children.get(key)
            if child is None:
                child = self._value_children[key] = self._values.labels(key[0], Status(key[1]).name)
            child.inc(number)

    def _age(self, view: str) -> Histogram:
        found = self._age_children.get(view)
        if found is None:
            found = self._age_children[view] = self._ages.labels(view)
        return found

    def plan(self, fingerprint: str) -> None:
        """Says which plan is served from now on."""
        if self._fingerprint is not None:
            self._plan.labels(self._fingerprint).set(0)
        self._plan.labels(fingerprint).set(1)
        self._fingerprint = fingerprint

    def text(self) -> bytes:
        """All metrics, of all workers, in Prometheus' text format."""
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)


def _count(counts: dict[tuple[str, int], int], view: str, statuses: Sequence[int], columns: int) -> None:
    present = statuses.count(_PRESENT)
    if present:
        counts[view, _PRESENT] = counts.get((view, _PRESENT), 0) + present * columns
    if present < len(statuses):
        for status in set(statuses):
            if status != _PRESENT:
                counts[view, status] = counts.get((view, status), 0) + statuses.count(status) * columns


def _oldest(statuses: Sequence[int], times: Sequence[int | None]) -> int | None:
    if statuses.count(_PRESENT) == len(statuses):
        return min((time for time in times if time is not None), default=None)
    fresh = [time for status, time in zip(statuses, times, strict=True) if time is not None and status in _COUNTED]
    return min(fresh) if fresh else None
