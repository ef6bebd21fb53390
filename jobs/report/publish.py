"""Writes the report into its lake."""

from pathlib import Path
from urllib.parse import urlsplit

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
    page = f"{opened.root}/report/index.html"
    _put(spark, f"{opened.root}/report/report.json", facts.model_dump_json(indent=1))
    _put(spark, page, render(facts))
    return page


def _put(spark: SparkSession, path: str, text: str) -> None:
    """Writes a file through the file system that its URI names."""
    content = text.encode()
    address = urlsplit(path)
    if address.scheme in ("", "file"):  # Hadoop would leave a checksum file beside it
        local = Path(address.path)
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_bytes(content)
        return
    target = spark._jvm.org.apache.hadoop.fs.Path(path)
    stream = target.getFileSystem(spark._jsc.hadoopConfiguration()).create(target, True)
    try:
        stream.write(content)
    finally:
        stream.close()
