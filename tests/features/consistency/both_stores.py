"""A lake with hand-made histories and a Valkey store that was filled from it, to put faults into."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.catalogue.catalogue import CATALOGUE
from features.consistency.check import check_log, check_store
from features.consistency.comparison import Terms, Verdict
from features.consistency.request_log import RequestLog
from features.consistency.tally import Tally
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.materialization.writer import writer_of
from features.online.reader import OnlineReader, thread_store
from features.plan import Plan
from features.store.address import parse_address
from features.tables import table_of
from lake.reading import LakeReader
from tests.features import feature_lake
from tests.features.online.stores import Hand

PLAN = Plan.of(CATALOGUE)
PAIR = {"source_language": "de", "target_language": "en"}
NOW = datetime.now(UTC)


def now_us() -> int:
    """Now, in microseconds since the epoch."""
    return time.time_ns() // 1000


class BothStores:
    """The tables under a folder, and the online store at a URL."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.lake = feature_lake.write(folder / "lake")
        self.by_hand = Hand(url, PLAN)
        self.reader = OnlineReader(url, PLAN.project, PLAN)
        self.log = RequestLog(folder / "log", share=1)
        self._writer = writer_of(parse_address(url), PLAN)
        self._packed = thread_store(parse_address(url))

    def materialize(self, *views: str) -> None:
        """Writes the whole histories of some views, by default of all, to the online store."""
        for view in CATALOGUE.views:
            if not views or view.name in views:
                table = table_of(view)
                self._writer.write(view.name, LakeReader(self.lake.root).read_here(table.name, table.schema.names))

    def add(self, view: str, *rows: Mapping[str, Any]) -> None:
        """Adds rows to a view's table; they are not online yet."""
        feature_lake.append(self.lake, view, rows)

    def push(self, view: str, row: Mapping[str, Any]) -> None:
        """Writes a row to the online store alone."""
        schema = table_of(CATALOGUE.view(view)).schema
        self._writer.write(view, pa.Table.from_pylist([{CREATED: row[EVENT_TIMESTAMP], **row}], schema=schema))

    def ask(
        self, service: str, entities: Mapping[str, Sequence[Any]], at_us: int | None = None, **request: Any
    ) -> None:
        """Asks for a service's features, as a server does that logs all requests."""
        at = now_us() if at_us is None else at_us
        rows = len(next(iter(entities.values())))
        brought = {name: [value] * rows for name, value in request.items()}
        vectors = self.reader.get(service, entities, brought or None, timeout=10, at_us=at)
        self.log.record(PLAN, service, entities, brought, vectors, at)

    def check_store(self, lag: timedelta = timedelta(), sample: int = 1000) -> Tally:
        """What the store answers now, against the tables."""
        return check_store(self.lake, PLAN, self.reader, _terms(lag), sample, seed=1, store=self._packed)

    def check_log(self, lag: timedelta = timedelta(), since: int = 0, sample: int = 1000) -> Tally:
        """What was asked for, against the tables as of then."""
        return check_log(self.lake, PLAN, self.log.folder, _terms(lag), since, sample)


def _terms(lag: timedelta) -> Terms:
    second = timedelta(microseconds=1)
    return Terms(now_us(), lag // second, timedelta(seconds=5) // second)


def faults(tally: Tally) -> dict[str, dict[str, int]]:
    """View.feature -> verdict -> count, of all that are not equal."""
    return {
        f"{view}.{feature}": {verdict.value: found.verdicts[verdict] for verdict in unequal}
        for view, feature, found in tally
        if (unequal := found.verdicts.keys() - {Verdict.EQUAL})
    }


def kinds(tally: Tally, view: str) -> set[str]:
    """The verdicts on a view's answers, but for EQUAL."""
    return {verdict.value for name, _, found in tally if name == view for verdict in found.verdicts} - {"equal"}


def faulty_views(tally: Tally) -> set[str]:
    """The views of which some answer is not equal."""
    return {view for view, _, found in tally if found.verdicts.keys() - {Verdict.EQUAL}}
