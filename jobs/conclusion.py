"""The end of `tokenlake run`: what must add up is checked, the funnel is shown, the report is written."""

from rich.console import Console
from rich.table import Table as Grid

from jobs.identities import check
from jobs.report import write
from jobs.stages.run import Run


def conclude(run: Run) -> None:
    """Checks the identities, writes the report and prints the funnel.

    Raises:
        IdentityError: rows were lost, doubled or invented.
    """
    with run.reporter.stage("check", run.spark.sparkContext):
        identities = check(run.lake)
    run.reporter.event("identities", identities=[str(identity) for identity in identities])
    with run.reporter.stage("report", run.spark.sparkContext):
        page = write(run.spark, run.lake.root)
    run.reporter.event("report_written", f"  report     {page}", path=str(page))
