"""The work that brings the history of a view up to date: which inputs have changed, and which entities with them.

As `lake.ledger`, with two differences. Rows are only ever appended: after a rebuild of an input, all entities are
computed again and those whose values differ get a row. And new rows of any input make work, not only of the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.computation.history import changes, instant
from features.definition.view import EVENT_TIMESTAMP, View
from features.tables import columns_of, table_of
from jobs.stages.context import StageContext
from lake.commits import EXPIRED, Commit
from lake.lake import Lake
from lake.ledger import Work, fingerprint, keys
from lake.rebuilding import outdated, remade
from lake.touched import touched
from pipelines.semantics import Semantics
from pipelines.tables import TABLES

STAGE = "features"

_CONTRACT = {table.name: table for table in TABLES}


@dataclass(frozen=True)
class FeatureWork:
    """The work on one view; `read` gives its inputs, `commit` appends what differs."""

    view: View
    work: Work
    at: datetime  # when the newest input was written
    since: Mapping[str, int] | None  # input -> version at the last commit; None: every entity is computed again

    def affected(self, lake: Lake) -> pa.Array | None:
        """The keys whose input rows have changed; None: perhaps all. Only of views with one key, which inputs have."""
        if self.since is None:
            return None
        (key,) = self.view.join_keys
        found = None
        for table, version in self.work.inputs.items():
            if version == self.since.get(table, -1):
                continue
            those = touched(lake, table, self.since.get(table, -1), version, key)
            if those is None:
                return None
            found = those if found is None else found.unionByName(those)
        return pa.array([], pa.string()) if found is None else keys(found.distinct())

    def read(self, lake: Lake, table: str, wanted: pa.Array | None = None) -> DataFrame:
        """An input at the planned version, whole or the rows with these keys; no rows if there is no such table."""
        version = self.work.inputs[table]
        if version < 0:
            return lake.engine.frame(_CONTRACT[table].schema.empty_table())
        return _rows(lake, table, version, self.view.join_keys[0], wanted)

    def commit(self, run: StageContext, current: DataFrame, wanted: pa.Array | None = None, **detail: str) -> None:
        """Appends the entities whose values differ from their newest stored row.

        Args:
            run: the stage.
            current: (keys, features) and, if rows have their own, event_timestamp: of the `wanted` entities, if these
                are given, that there are now.
            wanted: None: all entities; stored ones that `current` lacks are gone.
            detail: for the commit's metadata.
        """
        if EVENT_TIMESTAMP not in current.columns:
            current = current.withColumn(EVENT_TIMESTAMP, instant(self.at))
        created = datetime.fromtimestamp(self.work.started_at, UTC)
        differing = changes(current, self._stored(run.lake, wanted), self.view, self.at, created)
        files = self.work.write(run.lake, differing.withColumn("run_id", F.lit(self.work.run_id)))
        if not self.view.pushed:
            run.committed(self.work.commit_files(run.lake, files, **detail))
            return
        table = self.work.output  # to which others add rows at any time
        run.lake.commit_files(files, table, self.work.metadata(**detail), "append", None)
        committed = _last(run.lake, table.name)
        assert committed is not None
        run.committed(committed)

    def _stored(self, lake: Lake, wanted: pa.Array | None) -> DataFrame:
        """The view's history, of the `wanted` entities; features that it did not have yet are null."""
        table = self.work.output
        if self.work.base < 0:
            return lake.engine.frame(table.schema.empty_table())
        rows = _rows(lake, table.name, self.work.base, self.view.join_keys[0], wanted)
        missing = [name for name in table.schema.names if name not in rows.columns]
        empty = lake.engine.frame(table.schema.empty_table())
        types = {name: empty.schema[name].dataType for name in missing}
        return rows.withColumns({name: F.lit(None).cast(kind) for name, kind in types.items()}) if missing else rows


def plan(
    run: StageContext,
    view: View,
    inputs: Sequence[str],
    semantics: Semantics,
    settings: str = "",
    at: datetime | None = None,
) -> FeatureWork | None:
    """Compares the view's last commit by this stage with its inputs; None if there is nothing to do.

    Args:
        run: the stage.
        view: to bring up to date.
        inputs: the lake's tables that are read.
        semantics: of the computation.
        settings: fingerprint of all else that determines the values: settings, and the content of files.
        at: when the newest input was written; by default when the newest version of `inputs` was committed.
    """
    lake, table = run.lake, table_of(view)
    versions = {name: lake.version(name) for name in inputs}
    settings = fingerprint(settings, columns_of(view).to_string())
    made_by, since = {semantics.version}, None
    last = _last(lake, table.name)
    if last is not None and last.metadata is not None:
        consumed = last.metadata.inputs
        why = outdated(last.metadata, settings, semantics, run.keep_old) or remade(consumed, versions)
        if not why and all(lake.has_same_rows(name, consumed.get(name, -1), each) for name, each in versions.items()):
            return None
        if why and inputs:  # for files, another content is another setting
            message = f"  note: {table.name}: every row is computed again, and appended if it differs: {why}"
            run.reporter.event("computing_all", message, table=table.name, why=why)
        if not why:
            since = consumed
            made_by |= {*last.metadata.semantics}
    work = Work(
        STAGE, table, "append", settings, ",".join(map(str, sorted(made_by))), versions, lake.version(table.name)
    )
    return FeatureWork(view, work, at or _written(lake, versions), since)


def _last(lake: Lake, table: str) -> Commit | None:
    """The newest commit that this stage made; pushes commit to the same tables."""
    known = takewhile(lambda commit: commit.operation != EXPIRED, lake.commits(table))
    return next((commit for commit in known if commit.of_step and commit.of_step.stage == STAGE), None)


def _written(lake: Lake, versions: Mapping[str, int]) -> datetime:
    """When the newest of these versions was committed."""
    present = {name: version for name, version in versions.items() if version >= 0}
    return max(next(lake.commits(name, version - 1)).timestamp for name, version in present.items())


def _rows(lake: Lake, table: str, version: int, key: str, wanted: pa.Array | None) -> DataFrame:
    if wanted is None:
        return lake.read(table, version)
    return lake.read_holding(table, version, pa.table({key: wanted}))
