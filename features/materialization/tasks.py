"""Writes data files from the tasks of an engine, each straight to the store, for tables too large for one process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa

from features.materialization.rows import BATCH_ROWS, chosen, shaped
from features.materialization.step import Step, Steps
from features.materialization.target import Target
from features.materialization.work import Work
from features.materialization.writer import Written
from features.store.address import SqliteAddress
from lake.reading import LakeReader
from pipelines.errors import MisuseError
from pipelines.workers.mapped import Mapped
from pipelines.workers.pickled import Batches

_REPORT = pa.schema([(name, pa.int64()) for name in ("rows", "newer", "first_us", "last_us", "later_us")])


class UnreachableStoreError(MisuseError, ValueError):
    """Tasks on other machines cannot write into a file of this one."""


def written_by_tasks(lake: LakeReader, target: Target, view: str, work: Work) -> Steps:
    """One job for all new files; its tasks read them, and write to the store as `direct` does.

    A task that the engine repeats writes the same rows again.

    Raises:
        UnreachableStoreError: the store is an embedded one.
    """
    if isinstance(target.address, SqliteAddress):
        raise UnreachableStoreError(
            f"{target.address} is an embedded store, which one process writes: leave --engine out, or name a server"
        )
    for after_us in {part.after_us for part in work.parts}:
        files = [part.file for part in work.parts if part.after_us == after_us]
        rows = lake.read_files(work.table, files, lake.schema(work.table, work.version))
        task = WriteTask(target, view, after_us, work.up_to_us)
        for report in Mapped(rows, task, _REPORT).frame().toArrow().to_pylist():
            written = Written(report["rows"], report["newer"])
            yield Step(written, report["first_us"], report["last_us"], report["later_us"])
        for file in files:
            yield Step(file=file.path)


@dataclass(frozen=True)
class WriteTask:
    """A function for `mapInArrow`: writes the rows of a task, and returns one row about them."""

    target: Target
    view: str
    after_us: int | None
    up_to_us: int

    def __call__(self, rows: Batches) -> Batches:
        """Writes all batches, then reports."""
        planned = self.target.plan.view(self.view)
        done = Step()
        with closing(self.target.writer()) as writer:
            for together in _grouped(rows):
                table = shaped(together, planned, f"features_{self.view}")
                found = chosen(table, list(planned.join_keys), self.after_us, self.up_to_us)
                written = writer.write(self.view, found.rows)
                done += Step(written, found.first_us, found.last_us, found.later_us)
        values = (done.written.rows, done.written.newer, done.first_us, done.last_us, done.later_us)
        yield pa.RecordBatch.from_pylist([dict(zip(_REPORT.names, values, strict=True))], schema=_REPORT)


def _grouped(rows: Batches) -> Iterator[pa.Table]:
    """Batches of an engine, which may have a thousand rows only, together."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        waiting.append(batch)
        count += batch.num_rows
        if count >= BATCH_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
