"""The end of `tokenlake run`: what must add up is checked, the report is written, the funnel is shown."""

from jobs.funnel import lines
from jobs.identities import IdentityError, count, identities
from jobs.report import collect, publish
from jobs.stages.run import Run


def conclude(run: Run) -> None:
    """Counts once, for the identities and the report alike.

    Raises:
        IdentityError: rows were lost, doubled or invented; the report is written all the same, to look at.
    """
    with run.reporter.stage("check", run.spark.sparkContext):
        counts = count(run.lake)
    found = identities(counts)
    run.reporter.event("identities", identities=[str(identity) for identity in found])
    with run.reporter.stage("report", run.spark.sparkContext):
        facts = collect(run.lake, counts)
        page = publish(run.lake, facts)
    run.reporter.event("funnel", "\n".join(["", *lines(facts)]), **facts.total.model_dump())
    run.reporter.event("report_written", f"\n  report: {page}", path=page)
    broken = [str(identity) for identity in found if not identity.holds]
    if broken:
        raise IdentityError(f"identities of {run.lake.root} that do not hold:\n  " + "\n  ".join(broken))
    run.reporter.event("checked", f"  {len(found)} identities hold, such as {found[0]}" if found else "")
