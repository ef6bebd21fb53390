"""A metric, and its values.

Label names are none that Prometheus attaches to a scraped target itself (`job`, `instance`, `namespace`, `pod`):
it would rename ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """What is measured. Every value has the label `lake` besides `labels`."""

    name: str
    kind: Literal["gauge", "counter"]
    about: str  # one line, which becomes its help text
    labels: tuple[str, ...] = ()

    def __call__(self, value: float | datetime | None, **labels: str) -> "list[Sample]":
        """One value, a time as seconds since the epoch; nothing if it is not known.

        Raises:
            ValueError: the labels are not those of the metric.
        """
        if tuple(labels) != self.labels:
            raise ValueError(f"{self.name} has the labels {self.labels}, not {tuple(labels)}")
        if value is None:
            return []
        return [Sample(self, labels, value.timestamp() if isinstance(value, datetime) else float(value))]


@dataclass(frozen=True)
class Sample:
    """One value."""

    metric: Metric
    labels: Mapping[str, str]
    value: float
