"""Writes the report into its lake."""

from pyspark.sql import SparkSession

from jobs.lake import Lake
from jobs.report.collect import Counts, collect
from jobs.report.facts import LakeFacts
from jobs.report.page import render


def write(spark: SparkSession, lake: str, counts: Counts | None = None) -> str:
    """Looks at every table and writes the report; returns the page's path.

    The page depends on the tables alone: the same lake gives the same bytes. `counts` are those of
    `jobs.identities.count` where the caller has them; counting is a good part of the work on a small lake.

    Raises:
        FileNotFoundError: there is no table under `lake`.
    """
    opened = Lake(spark, lake)
    return publish(opened, collect(opened, counts))


def publish(lake: Lake, facts: LakeFacts) -> str:
    """Writes `report/report.json` and `report/index.html`; returns the page's path."""
    lake.write_file("report/report.json", facts.model_dump_json(indent=1))
    lake.write_file("report/index.html", render(facts))
    return lake.path("report/index.html")
