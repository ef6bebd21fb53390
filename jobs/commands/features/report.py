"""`tokenlake features report`: a page about all features of a lake."""

import argparse
import time

from jobs.commands.lake_session import existing
from jobs.progress import Reporter


def report(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Writes LAKE/features/report/index.html and prints its path."""
    from features.catalogue.catalogue import CATALOGUE
    from jobs.feature_report.collect import collect
    from jobs.feature_report.page import publish

    lake = existing(arguments.lake)
    print(publish(lake, collect(lake, CATALOGUE, time.time_ns() // 1000)))
    return 0
