"""Runs an extractor on pages, and writes what it found as tables."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from benchmarks.extraction.pages import ExpectedPage
from benchmarks.extraction.score import Score, score
from pipelines.extraction.extractors import ExtractionError, Extractor, main_text


@dataclass(frozen=True)
class Result:
    """Of one page."""

    kind: str
    score: Score
    cpu_ms: float
    failed: bool
    empty: bool


@dataclass(frozen=True)
class Measured:
    """Of all pages, in their order."""

    extractor: str
    results: tuple[Result, ...]

    def mean(self, of: Callable[[Result], float], kind: str | None = None) -> float:
        """Over the pages, or over those of one kind."""
        return fmean(of(result) for result in self.results if kind is None or result.kind == kind)


def measure(
    extractor: Extractor, pages: Sequence[ExpectedPage], extract: Callable[[str, Extractor], str] = main_text
) -> Measured:
    """CPU time of this process, decoding and imports not counted; a page on which the extractor fails is empty."""
    extract("<p>Import everything.</p>", extractor)
    return Measured(extractor, tuple(_result(extractor, page, extract) for page in pages))


def _result(extractor: Extractor, page: ExpectedPage, extract: Callable[[str, Extractor], str]) -> Result:
    html, failed = page.html, False
    started = time.process_time()
    try:
        text = extract(html, extractor)
    except (ExtractionError, MemoryError):
        text, failed = "", True
    cpu_ms = (time.process_time() - started) * 1000
    return Result(page.kind, score(text, page.expected), cpu_ms, failed, not failed and not text.strip())


def table(measured: Sequence[Measured]) -> str:
    """One line for each extractor."""
    headings = ("extractor", "pages", "word F1", "precision", "recall", "median ms", "mean ms", "empty", "failed")
    return _markdown(headings, [_cells(one) for one in measured])


def _cells(one: Measured) -> list[str]:
    times = [result.cpu_ms for result in one.results]
    means = [one.mean(lambda r: r.score.f1), one.mean(lambda r: r.score.precision), one.mean(lambda r: r.score.recall)]
    counts = [sum(result.empty for result in one.results), sum(result.failed for result in one.results)]
    return [
        f"`{one.extractor}`",
        f"{len(one.results):,}",
        *(f"{value:.3f}" for value in means),
        *(f"{value:.1f}" for value in (median(times), fmean(times))),
        *(str(count) for count in counts),
    ]


def table_of_kinds(measured: Sequence[Measured]) -> str:
    """Word F1 of each extractor on each kind of page; "" when all pages are of one kind."""
    kinds = sorted({result.kind for result in measured[0].results})
    if len(kinds) < 2:
        return ""
    counts = {kind: sum(result.kind == kind for result in measured[0].results) for kind in kinds}
    headings = ["word F1 by type", *(f"{kind or 'none'} ({counts[kind]})" for kind in kinds)]
    rows = [
        [f"`{one.extractor}`", *(f"{one.mean(lambda r: r.score.f1, kind):.3f}" for kind in kinds)] for one in measured
    ]
    return _markdown(headings, rows)


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows))
