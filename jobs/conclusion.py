"""The end of `tokenlake run`: what must add up is checked, the report is written, the funnel is shown."""

from jobs.funnel import lines
from jobs.invariants import require
from jobs.report import collect, publish, published
from jobs.stages.context import StageContext


def conclude(run: StageContext) -> None:
    """Looks at every table once; at none when no table has changed since the last report.

    Raises:
        InvariantError: rows were lost, doubled or invented; the report is written all the same, to look at.
    """
    with run.reporter.stage("report", run.engine.progress):
        data = published(run.lake)
        if data is None:
            data = collect(run.lake)
            publish(run.lake, data)
    page = run.lake.path("report/index.html")
    run.reporter.event("funnel", "\n".join(["", *lines(data)]), **data.total.model_dump())
    run.reporter.event("report_written", f"\n  report: {page}", path=page)
    require(run.lake.root, data.invariants)
    held = [str(invariant) for invariant in data.invariants]
    run.reporter.event("invariants", f"  {len(held)} invariants hold, such as {held[0]}" if held else "", held=held)
