"""Writes the report into its lake."""

from pyspark.sql import SparkSession

from jobs.lake import Lake
from jobs.report.collect import Counts, collect
from jobs.report.page import render


def write(spark: SparkSession, lake: str, counts: Counts | None = None) -> str:
    """Looks at every table and writes `report/index.html` and `report/report.json`; returns the page's path.

    The page depends on the tables alone: the same lake gives the same bytes. `counts` are those of
    `jobs.identities.count` where the caller has them; counting is a good part of the work on a small lake.

    Raises:
        FileNotFoundError: there is no table under `lake`.
    """
    opened = Lake(spark, lake)
    facts = collect(opened, counts)
    if not facts.tables:
        raise FileNotFoundError(f"{lake}: no Delta table is here; `tokenlake run CONFIG --lake {lake}` makes some")
    opened.write_file("report/report.json", facts.model_dump_json(indent=1))
    opened.write_file("report/index.html", render(facts))
    return opened.path("report/index.html")
