"""`tokenlake report`."""

import argparse

from jobs.commands.lake_session import opened
from jobs.progress import Reporter


def report(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes LAKE/report/index.html and prints its path."""
    from jobs.report import write

    with (
        opened(arguments.lake, arguments.engine, reporter) as (lake, engine),
        reporter.stage("report", engine.progress),
    ):
        path = write(lake)
    print(path)
    return 0
