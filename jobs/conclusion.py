"""The end of `tokenlake run`: checks the invariants, writes the report, prints the funnel."""

from jobs.counts import Counts, counts
from jobs.funnel import brief, lines
from jobs.invariants import invariants, require
from jobs.report import collect, publish, published
from jobs.report.data import ReportData
from jobs.report.publish import is_due, write
from jobs.stages.context import StageContext
from pipelines.tables import DOCUMENTS
from pipelines.words.methods import described, word_methods


def conclude(run: StageContext) -> None:
    """Counts rows without an engine; the report reads every table, but only if enough has changed since the last one.

    Raises:
        InvariantError: rows were lost, duplicated or invented. The report is written before this is raised.
    """
    counted = counts(run.lake)
    if run.lake.exists(DOCUMENTS.name):
        _report(run, counted)
    found = invariants(counted)
    require(run.lake.root, found)
    held = [str(invariant) for invariant in found]
    run.reporter.event("invariants", f"  {len(held)} invariants hold, such as {held[0]}" if held else "", held=held)


def _report(run: StageContext, counted: Counts) -> None:
    with run.reporter.stage("report", run.engine.progress):
        data = _renewed(run)
    page = run.lake.path("report/index.html")
    if data is None:
        totals = {name: count for table in counted.values() for name, count in table.items() if name != "rows"}
        run.reporter.event("funnel", "\n".join(["", *brief(counted)]), **totals)
        message = f"\n  report: {page}, without the latest rows; `tokenlake report {run.lake.root}` renews it"
        run.reporter.event("report_is_older", message, path=page)
    else:
        _show(run, data, page)


def _renewed(run: StageContext) -> ReportData | None:
    """The figures of the report, which is written if that is due; None while an older report may stay."""
    data, limit = published(run.lake), run.config.clean.rewrite_limit
    if data is None:
        if not is_due(run.lake):
            return None
        data = collect(run.lake, rewrite_limit=limit)
    elif data.rewrite_limit == limit:
        return data
    data = data.model_copy(update={"rewrite_limit": limit})
    publish(run.lake, data)
    return data


def renew(run: StageContext) -> None:
    """Writes the report again, if there is one: it shows texts of documents that may have left since."""
    if run.lake.storage.exists("report/index.html"):
        write(run.lake)


def _show(run: StageContext, data: ReportData, page: str) -> None:
    run.reporter.event("funnel", "\n".join(["", *lines(data)]), **data.total.model_dump())
    run.reporter.event("report_written", f"\n  report: {page}", path=page)
    methods = word_methods(data.by_language)
    if methods:
        run.reporter.event("words", f"  words      {described(methods)}", methods=methods)
    for each in data.much_rewritten:
        message = (
            f"  warning: rewriting removed {each.share:.0%} of the characters in language {each.language}, more than"
            f" clean.rewrite_limit ({data.rewrite_limit:.0%}); the report says which passes did"
        )
        limit = data.rewrite_limit
        run.reporter.event("much_rewritten", message, limit=limit, share=each.share, **each.model_dump())
