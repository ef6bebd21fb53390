"""Incremental processing: derives the work of a step from the last commit of its output table.

A *step* computes one table from others. Its last commit records the input versions and the configuration it was made
from. Compared with the current ones, this gives the kind of work: nothing, append (inputs only grew), change (rows
left an input), or rebuild.
"""

import hashlib
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lake.commits import Commit, CommitMetadata
from lake.data_files import DataFile
from lake.lake import ConcurrentCommitError, Lake, Rows
from lake.rebuilding import not_by_a_step, outdated, remade
from lake.row_files import without
from pipelines.semantics import Semantics
from pipelines.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@dataclass(frozen=True)
class Work:
    """The work of one step."""

    stage: str
    output: Table
    mode: str  # nothing | append | change | rebuild
    config_hash: str
    semantics: str  # versions of the step that make the rows of the output, oldest first: "2", or "1,2"
    inputs: Mapping[str, int]  # table -> version to read
    base: int  # version of the output before this work
    fresh: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # input -> run ids that are not processed yet
    rows_in: int = 0
    why: str = ""  # of a rebuild whose cause is here, and not in an input
    outside: str = ""  # what determines the rows besides, such as versions of another lake
    started_at: float = field(default_factory=time.time)

    @property
    def run_id(self) -> str:
        """Identifies the work, not the attempt: a repeated attempt has the same id, so its commit is a no-op."""
        determined_by = (self.config_hash, self.semantics, dict(self.inputs), self.base, self.mode)
        outside = (self.outside,) if self.outside else ()
        return run_id(self.stage, self.output.name, *determined_by, *outside)

    def metadata(self, **detail: str) -> CommitMetadata:
        """The metadata of this work's commit."""
        return CommitMetadata(
            run_id=self.run_id,
            stage=self.stage,
            mode=self.mode,
            config_hash=self.config_hash,
            code_version=code_version(),
            inputs=dict(self.inputs),
            started_at=self.started_at,
            rows_in=self.rows_in,
            detail={**detail, "semantics": self.semantics},
        )

    def read(self, lake: Lake, table: str) -> "DataFrame":
        """An input at the planned version; in an append or a change only the rows that are not processed yet."""
        return lake.read(table, self.inputs[table], self.fresh[table] if self.fresh else None)

    def whole(self, lake: Lake, table: str) -> "DataFrame":
        """All rows of an input at the planned version, processed before or not."""
        return lake.read(table, self.inputs[table])

    def previous(self, lake: Lake) -> "DataFrame":
        """All rows of the output before this work, to be changed by `replace`."""
        return lake.read(self.output.name, self.base)

    def beside(self, lake: Lake, table: str, wanted: pa.Array, column: str = "doc_id") -> "DataFrame":
        """The rows of a side input, or of the output before this work, that have one of the values in a column."""
        return lake.read_holding(table, self.inputs.get(table, self.base), pa.table({column: wanted}))

    def gone(self, lake: Lake) -> pa.Array:
        """Keys of output rows whose input row was removed, or is among those that are processed now."""
        key, driving = self.output.key[0], next(iter(self.inputs))
        staying = self.whole(lake, driving).where(self.is_settled(driving))
        return keys(self.previous(lake).select(key).join(staying.select(key), on=key, how="left_anti"))

    def is_settled(self, table: str) -> "Column":
        """Whether a row of an input has been processed before."""
        from pyspark.sql import functions as F

        new = self.fresh[table]
        return ~F.col("run_id").isin(*new) if new else F.lit(True)

    def write(self, lake: Lake, rows: Rows) -> Sequence[DataFile]:
        """Writes rows to data files of the output, without committing them."""
        lake.remove_unfinished(self.output.name, self.run_id)
        return lake.write(rows, self.output, self.run_id)

    def commit(self, lake: Lake, rows: Rows, **detail: str) -> Commit:
        """Writes and commits rows: appended, or in place of all earlier rows when this is a rebuild.

        A change also removes the rows that are `gone`.
        """
        return self.commit_files(lake, self.write(lake, rows), **detail)

    def commit_files(self, lake: Lake, files: Sequence[DataFile], **detail: str) -> Commit:
        """Commits data files that tasks of this work wrote; as `commit`."""
        if self.mode == "change":
            return self.replace(lake, self.gone(lake), files, **detail)
        mode = "append" if self.mode == "append" else "overwrite"
        lake.commit_files(files, self.output, self.metadata(**detail), mode, self.base)
        return self._committed(lake)

    def replace(self, lake: Lake, removed: pa.Array, files: Sequence[DataFile], **detail: str) -> Commit:
        """Commits data files and, in the same commit, removes the rows whose keys are in `removed`.

        If this work is an append, every key must come back with the files: steps that follow see an append. The commit
        names the version it changes among its inputs.
        """
        table = self.output.name
        wanted = pa.table({self.output.key[0]: removed})
        rewritten = without(lake.storage, self.output, lake.files(table, self.base), wanted, self.run_id)
        metadata = replace(
            self.metadata(**detail),
            inputs={**self.inputs, table: self.base},
            rows_out=sum(file.rows for file in files),
            rows_removed=rewritten.rows,
        )
        lake.change(self.output, rewritten.removed, [*rewritten.added, *files], metadata, self.base)
        return self._committed(lake)

    def _committed(self, lake: Lake) -> Commit:
        committed = lake.last_own_commit(self.output.name)
        if committed is None or committed.metadata is None or committed.metadata.run_id != self.run_id:
            raise ConcurrentCommitError(f"{self.output.name}: another run committed meanwhile; run the command again")
        return committed


def plan(
    lake: Lake,
    stage: str,
    output: Table,
    inputs: Sequence[str],
    config_hash: str,
    semantics: Semantics,
    keep_old: bool = False,
    changed: str = "",
) -> Work:
    """Compares the output's last commit with its inputs.

    Args:
        lake: holds all tables.
        stage: of the step.
        output: the step's table.
        inputs: every table that the step reads. New rows of the first make work; the others are side inputs, which are
            looked up: their new rows make none. Rows removed from any input make a change, and a rebuild of any input
            rebuilds the output.
        config_hash: of the configuration that determines the output's rows.
        semantics: of the step. Rows of other versions are rebuilt.
        keep_old: rows of other versions stay, if nothing else has changed.
        changed: what else has changed that makes the output's rows invalid, as the end of a sentence.
    """
    versions = {name: lake.version(name) for name in inputs}
    last = lake.last_own_commit(output.name)
    work = Work(stage, output, "nothing", config_hash, str(semantics.version), versions, lake.version(output.name))
    if last is None or last.metadata is None:
        return _rebuild(lake, work, inputs[0], "its log no longer tells what it was made from")
    consumed = last.metadata.inputs
    why = outdated(last.metadata, config_hash, semantics, keep_old) or changed or remade(consumed, versions)
    if why:
        return _rebuild(lake, work, inputs[0], why)
    if all(consumed.get(name) == version for name, version in versions.items()):
        return work
    unseen = {name: list(lake.commits(name, after=consumed.get(name, -1))) for name in inputs}
    replacing = [commit for commits in unseen.values() for commit in commits if commit.replaces_rows]
    if replacing:
        return _rebuild(lake, work, inputs[0], not_by_a_step(replacing))
    fresh = {name: tuple(_run_ids(commits)) for name, commits in unseen.items()}
    removed = any(commit.removes_rows for commits in unseen.values() for commit in commits)
    if not fresh[inputs[0]] and not removed:
        return work  # only side inputs have new versions, for instance after compaction
    rows_in = sum(commit.rows_out for commit in unseen[inputs[0]])
    mode = "change" if removed else "append"
    made_by = {*last.metadata.semantics, semantics.version}
    return replace(work, mode=mode, semantics=",".join(map(str, sorted(made_by))), fresh=fresh, rows_in=rows_in)


def _rebuild(lake: Lake, work: Work, driving: str, why: str) -> Work:
    """`why`: the end of a sentence; empty if the cause is in an input, and was said there."""
    rows_in = 0
    for commit in lake.commits(driving):
        rows_in += commit.rows_out
        if commit.replaces_rows:
            break
    said = why and work.base >= 0  # a table that is made for the first time needs no reason
    return replace(
        work, mode="rebuild", rows_in=rows_in, why=f"{work.output.name} is made anew: {why}" if said else ""
    )


def _run_ids(commits: Sequence[Commit]) -> list[str]:
    return [commit.of_step.run_id for commit in commits if commit.of_step]


def keys(rows: "DataFrame") -> pa.Array:
    """The values of a DataFrame's first column, in this process."""
    return pa.array(rows.toArrow().column(0), pa.string())


def run_id(stage: str, *content: object) -> str:
    """`<stage>-<16 hex digits>`, from the SHA-256 of everything that determines the work."""
    canonical = json.dumps([stage, *content], sort_keys=True, default=str)
    return f"{stage}-{hashlib.sha256(canonical.encode()).hexdigest()[:16]}"


def fingerprint(*content: object) -> str:
    """16 hex digits of the SHA-256 of JSON-able content."""
    return run_id("", *content)[1:]


@cache
def code_version() -> str:
    """The installed version, with the commit when this is a checkout."""
    version = installed_version("tokenlake")
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / ".git").exists():
        command = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return f"{version}+g{done.stdout.strip()}"
    return version
