"""Renders the page. The template engine escapes everything that comes from documents."""

import math
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jobs.report import plots
from jobs.report.data import OTHER, Example, Measure, ReportData, TableState, largest
from jobs.report.labels import MEASURES, REWRITERS, RULE_SETS, STAGES, TABLES
from jobs.report.plots import Limit, Step, percent
from pipelines.words.methods import described, word_methods

GROUPS = 12
"""Number of sources and languages with their own line; the others share one."""

COLUMNS = 8
"""Number of languages with their own column in the table of reasons."""


def render(data: ReportData) -> str:
    """The HTML page, with style and plots inline: it loads nothing."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "count": lambda number: "–" if number is None else f"{number:,}",
        "short": short,
        "bytes": size,
        "seconds": seconds,
        "visible": visible,
        "percent": percent,
        "verdict": verdict,
        "funnel": lambda data: Markup(plots.funnel(steps(data))),
        "fates": lambda flow: Markup(plots.fates(flow)),
        "measure": lambda measure: Markup(draw(measure, data)),
        "histogram": lambda values, title: Markup(plots.histogram(title, values)),
        "bars": lambda items, title, unit="": Markup(plots.bars(title, items, unit)),
        "meter": lambda share, title: Markup(plots.meter(share, title)),
    }
    return environment.get_template("template.html").render(
        data=data,
        name=data.lake.rstrip("/").rpartition("/")[2],
        total=data.total,
        finished=max((run.finished_at for run in data.runs if run.finished_at), default=None),
        missing=[stage for stage in STAGES if not data.table(stage.table) and not _made(data, stage.table)],
        by_source=largest(data.by_source, GROUPS),
        by_language=largest(data.by_language, GROUPS),
        words=described(word_methods(data.by_language)),
        languages=largest(data.by_language, COLUMNS),
        tables=sorted((table for table in data.tables if table.name != "runs"), key=_way),
        measures=[(rule_set, list(each)) for rule_set, each in groupby(filter(_is_known, data.measures), _rule_set)],
        choices=list(data.measures[0].by_language) if data.measures else [],
        cluster_bins=plots.cluster_bins(data.clusters.sizes) if data.clusters else {},
        behind=lambda state: behind(state, data),
        shares=lambda measure: shares(measure, data),
        labels=MEASURES,
        rule_sets=RULE_SETS,
        passes=[name for name in REWRITERS if any(name in each.removed for each in data.rewriting)],
        OTHER=OTHER,
    )


def steps(data: ReportData) -> list[Step]:
    """The bars of the funnel: records read, each loss in processing order, documents kept."""
    total = data.total
    standing = total.read
    made = [Step("read", standing, 0, "kept")]

    def lose(label: str, documents: int, kind: str) -> None:
        nonlocal standing
        if documents:
            standing -= documents
            made.append(Step(label, documents, standing, kind))

    lose("rejected: could not become a document", total.rejected, "rejected")
    for rule_set, documents in dropped_by(data).items():
        lose(f"dropped by {rule_set}", documents, "dropped")
    lose("not decided yet", total.undecided, "undecided")
    for method, documents in total.duplicates.items():
        lose(f"duplicate: {method}", documents, "duplicate")
    for lake, documents in total.held.items():
        lose(f"already in {_short_name(lake, total.held)}", documents, "duplicate")
    for reason, documents in total.repeating.items():
        lose(f"dropped by {reason}", documents, "dropped")
    return [*made, Step("kept", total.kept, 0, "kept")]


def _short_name(lake: str, lakes: Iterable[str]) -> str:
    """The last part of a lake's path, if no other has the same."""
    name = lake.rpartition("/")[2]
    return lake if sum(other.rpartition("/")[2] == name for other in lakes) > 1 else name


def dropped_by(data: ReportData) -> dict[str, int]:
    """Documents by the rule set of their first reason, in policy order."""
    counts: dict[str, int] = {}
    for reason in data.reasons:
        rule_set = reason.name.partition(".")[0]
        counts[rule_set] = counts.get(rule_set, 0) + reason.first
    return counts


def draw(measure: Measure, data: ReportData) -> str:
    """A measure's distributions with their thresholds: all languages first, then each of the largest."""
    series = [(measure.all, limits(measure, data, None))]
    series += [(values, limits(measure, data, language)) for language, values in measure.by_language.items()]
    return plots.histograms(measure.name, series)


def limits(measure: Measure, data: ReportData, language: str | None) -> list[Limit]:
    """The thresholds on a measure, in a language or in languages without their own."""
    bounds = [(rule.at(language), rule.comparison) for rule in data.thresholds if rule.measure == measure.name]
    return [Limit(value, comparison) for value, comparison in bounds if value is not None]


def shares(measure: Measure, data: ReportData) -> list[str]:
    """For each series of `draw`, the share of documents that fail a rule on this measure."""
    reasons = {rule.reason for rule in data.thresholds if rule.measure == measure.name}
    if not reasons:
        return []
    failing = [reason for reason in data.reasons if reason.name in reasons]
    named = [language for language in measure.by_language if language != OTHER]
    documents = {language: flow.documents for language, flow in data.by_language.items()}
    found = [(sum(reason.documents for reason in failing), data.total.documents)]
    for language in measure.by_language:
        of_group = [each for each in documents if each not in named] if language == OTHER else [language]
        failed = sum(reason.by_language.get(each, 0) for reason in failing for each in of_group)
        found.append((failed, sum(documents.get(each, 0) for each in of_group)))
    return [f"{percent(*each)} fail" for each in found]


def verdict(example: Example) -> str:
    """Why a document fails: the measure, and what it is compared with."""
    rule = example.threshold
    if rule is None or example.value is None:
        return ""
    limit = rule.at(example.excerpt.language)
    name = rule.measure.rpartition(".")[2]
    if rule.comparison.startswith("is") or limit is None:
        return f"{name} {rule.comparison}"
    return f"{name} {example.value:.4g} {rule.comparison.replace('<=', '≤')} {limit:.4g}"


def behind(state: TableState, data: ReportData) -> list[tuple[str, int, bool]]:
    """The inputs of a table: name, version read, and whether the input has a newer version."""
    newest = {table.name: table.version for table in data.tables}
    return [
        (name, version, newest.get(name, version) > version)
        for name, version in sorted(state.inputs.items())
        if name != state.name  # an update replaces its own table's earlier version
    ]


def short(number: float) -> str:
    """A large number in three digits: 1.23 M."""
    for limit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= limit:
            scaled = number / (1e3 if suffix == "k" else limit)
            return f"{scaled:.{max(0, 2 - int(math.log10(scaled)))}f} {suffix}"
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Bytes in decimal units."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return f"{number:.0f} B"


def seconds(number: float | None) -> str:
    """A duration in seconds, minutes or hours."""
    if number is None:
        return "–"
    if number < 60:
        return f"{number:.1f} s"
    minutes, rest = divmod(round(number), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def visible(text: str) -> str:
    """Text with its control characters shown as pictures, so that it cannot alter the page's layout."""
    return text.translate(_PICTURES)


_BIDI_CONTROLS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_PICTURES |= dict.fromkeys((*range(0x80, 0xA0), *_BIDI_CONTROLS), 0xFFFD)


def _way(table: TableState) -> tuple[int, str]:
    """Sort key of tables: the order of the data flow."""
    known = [name for name in TABLES if table.name.startswith(name)]
    return (TABLES.index(max(known, key=len)) if known else len(TABLES), table.name)


def _is_known(measure: Measure) -> bool:
    """Whether any document has the measure: pages alone have a status, for instance."""
    return any(measure.all.counts)


def _rule_set(measure: Measure) -> str:
    return measure.name.rpartition(".")[0]


def _made(data: ReportData, prefix: str) -> bool:
    return prefix.endswith("_") and any(table.name.startswith(prefix) for table in data.tables)
