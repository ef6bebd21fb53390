"""Writes the report into its lake."""

from pyspark.sql import SparkSession

from jobs.lake import Lake
from jobs.report.collect import collect
from jobs.report.page import render


def write(spark: SparkSession, lake: str) -> str:
    """Looks at every table and writes `report/index.html` and `report/report.json`; returns the page's path.

    The page depends on the tables alone: the same lake gives the same bytes.

    Raises:
        FileNotFoundError: there is no table under `lake`.
    """
    opened = Lake(spark, lake)
    facts = collect(opened)
    if not facts.tables:
        raise FileNotFoundError(f"{lake}: no Delta table is here; `tokenlake run CONFIG --lake {lake}` makes some")
    opened.write_file("report/report.json", facts.model_dump_json(indent=1))
    opened.write_file("report/index.html", render(facts))
    return opened.path("report/index.html")
