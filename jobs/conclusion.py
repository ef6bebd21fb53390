"""The end of `tokenlake run`: what must add up is checked, the report is written, the funnel is shown."""

from jobs.funnel import lines
from jobs.identities import require
from jobs.report import collect, publish, published
from jobs.stages.context import StageContext


def conclude(run: StageContext) -> None:
    """Looks at every table once; at none when no table has changed since the last report.

    Raises:
        IdentityError: rows were lost, doubled or invented; the report is written all the same, to look at.
    """
    with run.reporter.stage("report", run.engine.progress):
        facts = published(run.lake)
        if facts is None:
            facts = collect(run.lake)
            publish(run.lake, facts)
    page = run.lake.path("report/index.html")
    run.reporter.event("funnel", "\n".join(["", *lines(facts)]), **facts.total.model_dump())
    run.reporter.event("report_written", f"\n  report: {page}", path=page)
    require(run.lake.root, facts.identities)
    held = [str(identity) for identity in facts.identities]
    run.reporter.event("identities", f"  {len(held)} identities hold, such as {held[0]}" if held else "", held=held)
