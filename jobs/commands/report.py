"""`tokenlake report`."""

import argparse

from jobs.commands.lake_session import opened
from jobs.progress import Reporter


def report(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes LAKE/report/index.html and prints its path."""
    from jobs.report import write

    with opened(arguments.lake, reporter) as lake, reporter.stage("report", lake.spark.sparkContext):
        path = write(lake.spark, lake.root)
    print(path)
    return 0
