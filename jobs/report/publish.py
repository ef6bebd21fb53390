"""Writes the report into its lake."""

from jobs.report.collect import collect
from jobs.report.data import ReportData
from jobs.report.page import render
from lake.lake import Lake

_SMALL = 10_000  # documents of a lake whose report takes about a second
_GOOD_PART = 0.1  # of the documents


def write(lake: Lake) -> str:
    """Collects the figures, writes the report, and returns the page's path. The limits are those of the last report.

    Raises:
        FileNotFoundError: there is no table in the lake.
    """
    last = _last(lake)
    return publish(lake, collect(lake, rewrite_limit=last.rewrite_limit) if last else collect(lake))


def published(lake: Lake) -> ReportData | None:
    """The figures of the existing report, if they are those of the current table versions; else None."""
    data = _last(lake)
    if data is None or not lake.storage.exists("report/index.html"):
        return None
    stands = {table.name: table.version for table in data.tables}
    return data if data.lake == lake.root and stands == {name: lake.version(name) for name in lake.tables()} else None


def is_due(lake: Lake) -> bool:
    """Whether a run should renew the report: the lake is small, or a good part of it changed since the last one.

    Otherwise a small delivery to a large lake would cost as much as the whole lake.
    """
    last = _last(lake)
    if last is None or last.lake != lake.root:
        return True
    before = {table.name: table.version for table in last.tables}
    since = [commit for name in lake.tables() for commit in lake.commits(name, before.get(name, -1))]
    if before.keys() != set(lake.tables()) or any(each.metadata and each.metadata.mode == "rebuild" for each in since):
        return True
    changes = (commit.metadata for commit in since if commit.table == "documents" and commit.metadata)
    changed = sum((each.rows_out or 0) + each.rows_removed for each in changes)
    documents = lake.rows("documents")
    return documents <= _SMALL or changed >= _GOOD_PART * documents


def _last(lake: Lake) -> ReportData | None:
    """The figures of the last report; None when there is none, or another version of this program wrote it."""
    text = lake.storage.read_text("report/report.json")
    try:
        return None if text is None else ReportData.model_validate_json(text)
    except ValueError:
        return None


def publish(lake: Lake, data: ReportData) -> str:
    """Writes `report/index.html` and `report/report.json`; returns the page's path.

    The page depends on the tables alone: the same lake gives the same bytes.
    """
    lake.storage.write_text("report/report.json", data.model_dump_json(indent=1))
    lake.storage.write_text("report/index.html", render(data))
    return lake.path("report/index.html")
