"""Figures of tables, from their logs."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from jobs.metrics import catalogue
from jobs.metrics.metric import Sample
from lake.commits import COMPACT, Commit
from lake.data_files import UnreadableTableError
from lake.lake import Lake
from lake.maintenance.compaction_plan import Rules, groups
from lake.maintenance.log_listing import listed
from lake.maintenance.pins import pinned
from pipelines.tables import RETRACTIONS

_LOOKED_AT = 100  # entries of a log, from its end, in which the last change is looked for


def table_figures(lake: Lake) -> Iterator[Sample]:
    """Figures of all tables of the lake, also of those that other programs made."""
    pins = pinned(lake)
    for found in lake.at_once(lambda name: list(_table(lake, name, pins.get(name, {}))), lake.tables()):
        yield from found
    if lake.exists(RETRACTIONS.name):
        yield from catalogue.RETRACTIONS(lake.rows(RETRACTIONS.name))


def _table(lake: Lake, name: str, pins: Mapping[int, Sequence[str]]) -> Iterator[Sample]:
    yield from catalogue.TABLE_PINS(sum(map(len, pins.values())), table=name)
    yield from catalogue.TABLE_VERSION(lake.version(name), table=name)
    yield from catalogue.TABLE_LOG_ENTRIES(listed(lake, name).since_checkpoint, table=name)
    yield from _times(lake, name)
    yield from _contents(lake, name)


def _contents(lake: Lake, name: str) -> Iterator[Sample]:
    try:
        files = lake.files(name)
    except UnreadableTableError:
        yield from catalogue.TABLE_READABLE(0, table=name)
        return
    yield from catalogue.TABLE_READABLE(1, table=name)
    yield from catalogue.TABLE_FILES(len(files), table=name)
    yield from catalogue.TABLE_BYTES(sum(file.size for file in files), table=name)
    if all(file.rows >= 0 for file in files):  # -1: another program did not count them
        yield from catalogue.TABLE_ROWS(sum(file.rows for file in files), table=name)
    yield from catalogue.TABLE_SMALL_FILES(sum(map(len, groups(files, Rules()))), table=name)


def _times(lake: Lake, name: str) -> Iterator[Sample]:
    newest: Commit | None = None
    compacted: Commit | None = None
    changed: Commit | None = None
    for commit in islice(lake.commits(name), _LOOKED_AT):
        newest = newest or commit
        if commit.metadata and commit.metadata.mode == COMPACT:
            compacted = compacted or commit
        elif commit.of_step or (commit.metadata is None and not commit.keeps_rows):
            changed = commit
            break
    for metric, commit_of in (
        (catalogue.TABLE_LAST_COMMIT, newest),
        (catalogue.TABLE_LAST_CHANGE, changed),
        (catalogue.TABLE_LAST_COMPACTION, compacted),
    ):
        if commit_of and commit_of.timestamp.timestamp() > 0:  # 1970: nothing tells about it any more
            yield from metric(commit_of.timestamp, table=name)
