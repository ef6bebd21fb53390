"""Plots: figures in, SVG out.

Widths are percentages and text keeps its size in pixels, so a plot is as legible at 390 px as on a wide screen.
Colours come from classes that the page's style sheet defines, for light and dark.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from jobs.report.bins import nice
from jobs.report.data import Flow, Histogram

PLOT_HEIGHT = 76
ROW = 42


@dataclass(frozen=True)
class Step:
    """A bar of the funnel: documents that remain, or documents lost at this step."""

    label: str
    documents: int
    before: int  # documents that remain after this loss: they are left of the bar
    kind: str  # class of the bar: kept, dropped, duplicate, rejected


@dataclass(frozen=True)
class Limit:
    """A threshold to draw: what lies beyond it is dropped."""

    value: float
    comparison: str  # >, <, <=, is true or is zero

    def fails(self, value: float) -> bool:
        """Whether the rule drops a document of this value."""
        if self.comparison in (">", "is true"):
            return value > self.value
        return value < self.value if self.comparison.startswith("<") else value <= 0  # no bar is exactly at the value

    @property
    def label(self) -> str:
        """The label beside the line."""
        short = {"is true": "drop yes", "is zero": "drop 0"}
        sign = self.comparison.replace("<=", "≤")
        return short.get(self.comparison, f"drop {sign} {nice(self.value)}")


def svg(title: str, description: str, height: int, body: str, kind: str) -> str:
    """An SVG image with a text alternative."""
    return (
        f'<svg class="plot {kind}" width="100%" height="{height}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{body}</svg>"
    )


def funnel(steps: Sequence[Step]) -> str:
    """A waterfall: each loss hangs where the bar above it ends."""
    whole = max((step.before + step.documents for step in steps), default=0) or 1
    body = []
    for number, step in enumerate(steps):
        top = number * ROW
        start, width = 100 * step.before / whole, 100 * step.documents / whole
        body.append(
            f'<text y="{top + 13}" class="label">{escape(step.label)}</text>'
            f'<text y="{top + 13}" x="100%" class="number">{step.documents:,}'
            f'<tspan class="quiet" dx="8">{percent(step.documents, whole)}</tspan></text>'
            f'<rect y="{top + 20}" width="100%" height="12" rx="2" class="track"/>'
            f'<rect x="{start:.3f}%" y="{top + 20}" width="{max(width, 0.15 if step.documents else 0):.3f}%" '
            f'height="12" rx="2" class="{step.kind}"/>'
        )
    words = "; ".join(f"{step.label}: {step.documents:,}" for step in steps)
    return svg("Funnel", words, ROW * len(steps), "".join(body), "funnel")


def fates(flow: Flow) -> str:
    """What became of a group's records, as one bar of shares."""
    parts = {
        "kept": flow.kept,
        "undecided": flow.undecided,
        "duplicate": flow.duplicated,
        "dropped": sum(flow.dropped.values()) + sum(flow.repeating.values()),
        "rejected": flow.rejected,
    }
    whole, start, body = flow.read or 1, 0.0, []
    for kind, count in parts.items():
        width = 100 * count / whole
        body.append(f'<rect x="{start:.3f}%" width="{width:.3f}%" height="10" class="{kind}"/>')
        start += width
    words = ", ".join(f"{kind} {percent(count, whole)}" for kind, count in parts.items() if count)
    return svg("What became of the records", words, 10, "".join(body), "fates")


def histograms(title: str, series: Sequence[tuple[Histogram, Sequence[Limit]]]) -> str:
    """Distributions over the same bins, one above the other in one image: the style sheet shows one of them.

    The first series must hold all the others: it decides which of the two outer slots are drawn.
    Heights are square roots of counts, so that a tail of one in a thousand can still be seen.
    """
    first = series[0][0]
    axis = _Axis(first.edges, first.logarithmic, bool(first.logarithmic or first.counts[0]), bool(first.counts[-1]))
    groups = "".join(
        f'<g class="series s{number}">{_bars(histogram, limits, axis)}{_limits(limits, axis)}</g>'
        for number, (histogram, limits) in enumerate(series)
    )
    return svg(title, _words(*series[0]), PLOT_HEIGHT + 38, groups + _ticks(axis), "histogram")


def histogram(title: str, values: Histogram) -> str:
    """One distribution."""
    return histograms(title, [(values, ())])


def bars(title: str, items: Mapping[str, float], unit: str = "") -> str:
    """A list of labelled bars."""
    whole = max(items.values(), default=0) or 1
    body = []
    for number, (label, value) in enumerate(items.items()):
        top = number * 24
        width = 66 * value / whole
        body.append(
            f'<text y="{top + 14}" class="label">{escape(label)}</text>'
            f'<rect x="18%" y="{top + 4}" width="{max(width, 0.2):.3f}%" height="12" rx="2" class="kept"/>'
            f'<text x="{18 + width:.3f}%" dx="8" y="{top + 14}" class="figure">{nice(value)}{escape(unit)}</text>'
        )
    words = "; ".join(f"{label}: {nice(value)}{unit}" for label, value in items.items())
    return svg(title, words, 24 * len(items), "".join(body), "bars")


def meter(share: float, title: str) -> str:
    """A share of a whole, as a thin bar."""
    body = '<rect width="100%" height="6" rx="2" class="track"/>'
    body += f'<rect width="{100 * min(max(share, 0), 1):.2f}%" height="6" rx="2" class="kept"/>'
    return svg(title, f"{share:.1%}", 6, body, "meter")


def cluster_bins(sizes: Mapping[int, int]) -> dict[str, float]:
    """Clusters per size in bins that double: 2, 3, 4–7, 8–15, …"""
    counts: dict[str, float] = {}
    for size in sorted(sizes):
        low = 1 << (size.bit_length() - 1)
        label = str(size) if size < 4 else f"{low:,}–{2 * low - 1:,}"
        counts[label] = counts.get(label, 0) + sizes[size]
    return counts


def percent(part: int, whole: int) -> str:
    """A share with as many digits as it needs, never 0 % of something."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %" if share not in (0.0, 100.0) else f"{share:.0f} %"


@dataclass(frozen=True)
class _Axis:
    edges: tuple[float, ...]
    logarithmic: bool
    below: bool
    above: bool

    @property
    def slots(self) -> int:
        return len(self.edges) - 1 + self.below + self.above

    def place(self, value: float) -> float:
        """The position of a value, in per cent of the width."""
        low, high = self.edges[0], self.edges[-1]
        if self.logarithmic:
            value = max(value, low)  # zero ends where the logarithm begins
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        share = (value - low) / (high - low)
        inner = len(self.edges) - 1
        return 100 * min(max(self.below + share * inner, 0.0), float(self.slots)) / self.slots


def _bars(values: Histogram, limits: Sequence[Limit], axis: _Axis) -> str:
    """Passing and failing bars as two paths in a view box that stretches with the page."""
    counts = values.counts[0 if axis.below else 1 : None if axis.above else -1]
    tallest = math.sqrt(max(counts, default=0)) or 1.0
    passing: list[str] = []
    failing: list[str] = []
    for number, count in enumerate(counts):
        if count:
            height = max(100 * math.sqrt(count) / tallest, 2.0)
            left, width = (number + 0.4, 0.2) if len(values.edges) == 3 else (number + 0.06, 0.88)
            bar = f"M{left:g} 100v-{height:.1f}h{width}v{height:.1f}z"
            wrong = any(limit.fails(_middle(values, number + (not axis.below))) for limit in limits)
            (failing if wrong else passing).append(bar)
    return (
        f'<svg y="20" width="100%" height="{PLOT_HEIGHT}" viewBox="0 0 {axis.slots} 100" preserveAspectRatio="none">'
        f'<path class="kept" d="{"".join(passing)}"/><path class="dropped" d="{"".join(failing)}"/></svg>'
    )


def _middle(values: Histogram, slot: int) -> float:
    """A representative value of a slot: its middle, or just outside the outer edges."""
    edges = values.edges
    if slot == 0:
        return 0.0 if values.logarithmic else edges[0] - (edges[1] - edges[0])
    if slot == len(edges):
        return edges[-1] * 1.001 if edges[-1] > 0 else edges[-1] + 1
    return (edges[slot - 1] + edges[slot]) / 2


def _limits(limits: Sequence[Limit], axis: _Axis) -> str:
    drawn = []
    for limit in limits:
        x = axis.place(limit.value)
        anchor, shift = ("end", -5) if x > (25 if limit.comparison.startswith("<") else 70) else ("start", 5)
        drawn.append(
            f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="2" y2="{PLOT_HEIGHT + 20}" class="limit"/>'
            f'<text x="{x:.2f}%" dx="{shift}" y="11" text-anchor="{anchor}" class="limit">'
            f"{escape(limit.label)}</text>"
        )
    return "".join(drawn)


def _ticks(axis: _Axis) -> str:
    """Labels under the axis: its ends and middle, or every decade."""
    low, high = axis.edges[0], axis.edges[-1]
    if axis.logarithmic:
        first, last = round(math.log10(low)), round(math.log10(high))
        values = [10.0**power for power in range(first + 1, last + 1)]  # the label of 1 would touch that of 0
        labels = {value: _short(value) for value in values}
    else:
        top = 1.0 if 1 < high < 1.05 else high
        labels = {value: nice(value) for value in (low, (low + top) / 2, top)}
    if axis.above:
        labels[max(labels)] += "+"
    if len(axis.edges) == 3:  # a switch
        labels = {0.5: "no", 1.5: "yes"}
    y = PLOT_HEIGHT + 34
    drawn = [f'<line x1="0" x2="100%" y1="{PLOT_HEIGHT + 20}" y2="{PLOT_HEIGHT + 20}" class="axis"/>']
    if axis.logarithmic:
        drawn.append(f'<text x="0" y="{y}" class="tick">0</text>')
    for value, label in labels.items():
        x = axis.place(value)
        anchor = "start" if x < 1 else "end" if x > 97 else "middle"
        drawn.append(f'<text x="{x:.2f}%" y="{y}" text-anchor="{anchor}" class="tick">{label}</text>')
    return "".join(drawn)


def _short(value: float) -> str:
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def _words(values: Histogram, limits: Sequence[Limit]) -> str:
    """The distribution as text: middle, ends and thresholds."""
    if not values.total:
        return "No values."
    seen, marks = 0, {}
    for slot, count in enumerate(values.counts):
        seen += count
        for share in (0.1, 0.5, 0.9):
            if share not in marks and seen >= share * values.total:
                marks[share] = nice(max(_middle(values, slot), 0.0))
    text = f"{values.total:,} values. A tenth is below about {marks[0.1]}, half below {marks[0.5]}, "
    text += f"nine tenths below {marks[0.9]}."
    return " ".join([text, *(f"Rule: {limit.label}." for limit in limits)])
