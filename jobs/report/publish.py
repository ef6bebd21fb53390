"""Writes the report into its lake."""

from pyspark.sql import SparkSession

from jobs.lake import Lake
from jobs.report.collect import collect
from jobs.report.data import ReportData
from jobs.report.page import render


def write(spark: SparkSession, lake: str) -> str:
    """Looks at every table, publishes what it finds, and returns the page's path.

    Raises:
        FileNotFoundError: there is no table under `lake`.
    """
    opened = Lake(spark, lake)
    return publish(opened, collect(opened))


def published(lake: Lake) -> ReportData | None:
    """The data of the report that is there, if it speaks of the tables as they stand; else None."""
    text = lake.read_file("report/report.json")
    if text is None or lake.read_file("report/index.html") is None:
        return None
    try:
        data = ReportData.model_validate_json(text)
    except ValueError:  # written by another version of this program
        return None
    stands = {table.name: table.version for table in data.tables}
    return data if data.lake == lake.root and stands == {name: lake.version(name) for name in lake.tables()} else None


def publish(lake: Lake, data: ReportData) -> str:
    """Writes `report/index.html` and `report/report.json`; returns the page's path.

    The page depends on the tables alone: the same lake gives the same bytes.
    """
    lake.write_file("report/report.json", data.model_dump_json(indent=1))
    lake.write_file("report/index.html", render(data))
    return lake.path("report/index.html")
