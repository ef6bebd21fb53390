"""Parts of a Grafana dashboard as JSON (grafana.com, "Dashboard JSON model"). Sizes are in units of its grid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_WIDTH = 24
_SOURCE = {"type": "prometheus", "uid": "${source}"}

Look = Literal["timeseries", "stat", "table", "bargauge"]


@dataclass(frozen=True)
class Panel:
    """One picture of some queries."""

    title: str
    queries: Sequence[tuple[str, str]]  # (query, legend)
    look: Look = "timeseries"
    unit: str = "short"  # of Grafana: s, bytes, percentunit, dateTimeAsIso …
    about: str = ""
    width: int = 12
    height: int = 8
    limits: Sequence[float] = field(default=())  # from which on a value is yellow, and red


def dashboard(uid: str, title: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """A dashboard: panels from left to right, row by row; variables choose the data source and the lake."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["tokenlake"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [_source(), _lake()]},
        "panels": list(_placed(panels)),
    }


def _placed(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    x = y = tallest = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _WIDTH:
            x, y, tallest = 0, y + tallest, 0
        yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": panel.height})
        x, tallest = x + panel.width, max(tallest, panel.height)


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    colours = ("green", "yellow", "red")
    steps = [{"color": colour, "value": limit} for colour, limit in zip(colours, (None, *panel.limits), strict=False)]
    return {
        "id": number,
        "type": panel.look,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": _options(panel.look),
        "targets": [_target(panel, place, *each) for place, each in enumerate(panel.queries)],
    }


def _target(panel: Panel, place: int, query: str, legend: str) -> dict[str, Any]:
    at_once = panel.look != "timeseries"
    return {
        "refId": chr(ord("A") + place),
        "datasource": _SOURCE,
        "expr": query,
        "legendFormat": legend,
        "instant": at_once,
        "range": not at_once,
        "format": "table" if panel.look == "table" else "time_series",
    }


def _options(look: Look) -> dict[str, Any]:
    if look == "timeseries":
        return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    if look == "table":
        return {"showHeader": True}
    return {"reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "textMode": "value_and_name"}


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _lake() -> dict[str, Any]:
    return {
        "name": "lake",
        "label": "Lake",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": "label_values(tokenlake_scrape_success, lake)", "refId": "lakes"},
        "refresh": 2,  # whenever the range of time changes
        "sort": 1,
    }
