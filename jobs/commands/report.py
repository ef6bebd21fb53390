"""`tokenlake report`."""

import argparse

from jobs.commands.lake_session import existing, opened
from jobs.progress import Reporter
from pipelines.errors import MissingPathError


def report(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes LAKE/report/index.html and prints its path; with --print, prints the page that is there."""
    if arguments.print:
        return _print(arguments.lake)
    from jobs.report import write

    with (
        opened(arguments.lake, arguments.engine, reporter) as (lake, engine),
        reporter.stage("report", engine.progress),
    ):
        path = write(lake)
    print(path)
    return 0


def _print(root: str) -> int:
    """For `tokenlake k8s report`, which takes the page out of a pod's log.

    Raises:
        MissingPathError: there is no report.
    """
    from jobs.kubernetes.fetching import printed

    lake = existing(root)
    page = lake.storage.read_text("report/index.html")
    if page is None:
        raise MissingPathError(f"{root}: no report there yet; `tokenlake run` and `tokenlake report` write it")
    print(printed(page.encode()))
    return 0
