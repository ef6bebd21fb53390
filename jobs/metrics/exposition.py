"""Prometheus' text format, version 0.0.4 (prometheus.io, "Exposition formats")."""

import math
import re
from collections.abc import Iterable, Mapping

from jobs.metrics.catalogue import ALL, SCRAPE_SUCCESS
from jobs.metrics.metric import Metric, Sample

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(samples: Iterable[Sample], lake: str) -> str:
    """The samples, each metric's together in the order of the catalogue; all get the label `lake`."""
    found: dict[Metric, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.metric, []).append(sample)
    lines = []
    for metric in ALL:
        if metric in found:
            lines += [f"# HELP {metric.name} {_help(metric.about)}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [line(each, lake) for each in found[metric]]
    return "".join(f"{each}\n" for each in lines)


def line(sample: Sample, lake: str) -> str:
    """One value."""
    labels: Mapping[str, str] = {"lake": lake, **sample.labels}
    written = ",".join(f'{name}="{_value_of_label(value)}"' for name, value in labels.items())
    return f"{sample.metric.name}{{{written}}} {_number(sample.value)}"


def not_read(earlier: str, lake: str) -> str:
    """An earlier text of the same lake, whose values stay, saying that the lake could not be read since."""
    failed = SCRAPE_SUCCESS(0)
    kept = earlier or text(failed, lake)
    return re.sub(rf"^{re.escape(SCRAPE_SUCCESS.name)}\{{.*$", lambda _: line(failed[0], lake), kept, flags=re.M)


def _help(about: str) -> str:
    return about.replace("\\", "\\\\").replace("\n", "\\n")


def _value_of_label(value: str) -> str:
    return _help(value).replace('"', '\\"')


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
