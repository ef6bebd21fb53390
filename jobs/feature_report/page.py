"""Renders the page, in the style and with the plots of the report on a corpus."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from jobs.feature_report.data import FeatureFigures, FeatureReport, ViewFigures
from jobs.report import plots
from jobs.report.page import short, visible
from jobs.report.plots import percent
from lake.lake import Lake

PAGE = "features/report/index.html"
"""Where the page lies, relative to the lake."""

_FIGURES = "features/report/report.json"


def publish(lake: Lake, data: FeatureReport) -> str:
    """Writes the page and its figures into the lake; returns the page's path."""
    lake.storage.write_text(_FIGURES, data.model_dump_json(indent=1))
    lake.storage.write_text(PAGE, render(data))
    return lake.path(PAGE)


def render(data: FeatureReport) -> str:
    """The HTML page, with style and plots inline: it loads nothing."""
    here = Path(__file__).parent
    loader = FileSystemLoader([here, here.with_name("report")])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "count": lambda number: "–" if number is None else f"{number:,}",
        "short": short,
        "share": lambda share: percent(share, 1),
        "figure": lambda number: f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}",
        "prose": prose,
        "breakable": lambda name: Markup(escape(name).replace("_", Markup("_<wbr>"))),
        "duration": duration,
        "visible": visible,
        "distribution": lambda feature: Markup(distribution(feature)),
        "meter": lambda share, title: Markup(plots.meter(share, title)),
    }
    return environment.get_template("features.html").render(
        data=data,
        name=data.lake.rstrip("/").rpartition("/")[2],
        age=lambda view: age(view, data),
        is_old=lambda view: view.fresh_share < 1,
        checked=any(True for _ in data.checks),
        sections={view.name for view in data.views},
    )


def prose(text: str) -> Markup:
    """A sentence of a definition: what stands in backquotes is code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))


def distribution(feature: FeatureFigures) -> str:
    """The values now, filled, and those of the baseline as an outline over them."""
    if feature.histogram is None:
        return ""
    series = [feature.histogram, *([feature.baseline_histogram] if feature.baseline_histogram else [])]
    return plots.histograms(feature.name, [(values, ()) for values in series])


def age(view: ViewFigures, data: FeatureReport) -> str:
    """How long before the report the newest event was."""
    if view.newest_event is None:
        return "–"
    return duration((data.made_at - view.newest_event).total_seconds())


def duration(seconds: float) -> str:
    """A duration in its largest unit: 12 s, 3 hours, 41 days."""
    if seconds < 0:
        return f"in {duration(-seconds)}"
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{round(seconds / size):,} {unit}"
    return f"{seconds:.0f} s"
