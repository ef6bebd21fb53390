"""Files of sentence pairs -> pairs, pair_rejects, pair_inputs: what is new or changed is read, what is gone leaves.

The unit is a file: a file whose bytes or settings changed is read again as a whole, and its earlier rows leave. The
tables change in three commits, `pair_inputs` last. A manifest that is written before them lets the next run finish
them if this one is killed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from jobs.stages.context import StageContext
from jobs.stages.reconcile import input_files
from jobs.stages.staged_pairs import PairManifest, StorePairs, discard, unfinished
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version, run_id
from pipelines.bitext.config import PairsConfig, PairSourceConfig
from pipelines.bitext.readers.listing import list_pair_files
from pipelines.bitext.readers.splits import assign_pairs, split_pairs
from pipelines.bitext.record import PairFile
from pipelines.bitext.spark import read_pairs
from pipelines.readers.finding import SourceError
from pipelines.semantics import PAIR_READING
from pipelines.tables import PAIR_INPUTS, PAIR_REJECTS, PAIRS, Table

_MANY = 100  # files of a source: when more are gone, `pairs.delete_limit` applies

Place = tuple[str, str]
"""(source, path) of a file."""


@dataclass(frozen=True)
class PairArrivals:
    """The difference between what sources hold and what the lake remembers."""

    to_read: Sequence[PairFile]  # new, changed, or to be tried again; in order of source and path
    removed: Sequence[Place]  # files whose earlier rows leave: those that are gone, and those that are read again


def read_sources(run: StageContext) -> None:
    """Finishes the commits of an interrupted run, then brings the tables to what the sources hold now."""
    interrupted = unfinished(run.lake)
    if interrupted is not None:
        _commit(run, interrupted)
    found = arrivals(run.lake, run.config.pairs, run.keep_old)
    if not found.to_read and not found.removed and run.lake.exists(PAIR_INPUTS.name):
        return
    manifest = _read(run, found)
    manifest.save(run.lake)
    _commit(run, manifest)


def arrivals(lake: Lake, pairs: PairsConfig, keep_old: bool = False) -> PairArrivals:
    """Lists the sources and compares them with `pair_inputs`. Pairs of a source that is no longer named stay.

    Raises:
        SourceError: a source has no files, or lost too many.
    """
    known = _known(lake)
    to_read: list[PairFile] = []
    removed: list[Place] = []
    for config in pairs.sources:
        listed = list_pair_files(config, never=lake.root)
        there = {(each.file.source, each.file.path) for each in listed}
        fresh = [each for each in listed if not _is_known(each, known, keep_old)]
        to_read += fresh
        removed += [place for each in fresh if (place := (each.file.source, each.file.path)) in known]
        if config.on_delete == "retract":
            lost = [place for place in sorted(known) if place[0] == config.name and place not in there]
            _require_few(lost, known, pairs.delete_limit)
            removed += lost
    return PairArrivals(to_read, removed)


def _require_few(lost: Sequence[Place], known: Collection[Place], limit: float) -> None:
    if len(lost) <= _MANY:
        return
    name = lost[0][0]
    files = sum(source == name for source, _ in known)
    if len(lost) > limit * files:
        raise SourceError(
            f"source {name!r} of pairs: {len(lost):,} of {files:,} files are gone, such as {lost[0][1]}. Is its "
            "storage complete? Nothing was changed. To take their pairs out of the lake, raise the limit (--set "
            "pairs.delete_limit=1); to keep them, set `on_delete: keep` for this source"
        )


def reading_settings(config: PairSourceConfig) -> str:
    """`<version of the readers>:<fingerprint of everything that decides what a file is read as>`."""
    return f"{PAIR_READING.version}:{config.reading_fingerprint()}"


def _known(lake: Lake) -> dict[Place, dict[str, Any]]:
    if not lake.exists(PAIR_INPUTS.name):
        return {}
    rows = lake.read_here(PAIR_INPUTS.name, ["source", "path", "fingerprint", "settings", "retry"]).to_pylist()
    return {(row["source"], row["path"]): row for row in rows}


def _is_known(each: PairFile, known: Mapping[Place, Mapping[str, Any]], keep_old: bool) -> bool:
    """Whether another reading of a file would give what the last one gave."""
    before = known.get((each.file.source, each.file.path))
    if before is None or before["fingerprint"] != each.fingerprint:
        return False
    one, other = before["settings"], reading_settings(each.config)
    alike = one == other or (keep_old and one.partition(":")[2] == other.partition(":")[2])
    return alike and (not before["retry"] or each.problem is not None)


def _read(run: StageContext, found: PairArrivals) -> PairManifest:
    """Reads files into data files named after the run id; returns their manifest."""
    files = [
        (each.file.source, each.file.path, each.fingerprint, reading_settings(each.config)) for each in found.to_read
    ]
    name = run_id("pairs", files, sorted(found.removed), run.lake.version(PAIR_INPUTS.name))
    for table in (PAIRS, PAIR_REJECTS):
        run.lake.remove_unfinished(table.name, name)
    settings = run.config.pairs.fingerprint()
    if not found.to_read:
        return PairManifest(name, run.started_at, settings, removed=tuple(found.removed))
    size = sum(each.size for each in found.to_read)
    said = f"  reading    {len(found.to_read):,} files of sentence pairs, {size / 1e6:,.1f} MB"
    run.reporter.event("reading_pairs", said, files=len(found.to_read), bytes=size)
    splits = split_pairs(found.to_read, run.config.pairs.split_bytes)
    tasks = assign_pairs(splits, max(run.engine.parallelism(), len(splits) // 4))
    sink = StorePairs(run.lake.root, name)
    reports = read_pairs(run.engine.session, tasks, name, datetime.now(UTC), sink).toArrow()
    of_file = {(each.file.source, each.file.path): reading_settings(each.config) for each in found.to_read}
    manifest = PairManifest.of(reports, name, run.started_at, settings)
    rows = [{**row, "settings": of_file[row["source"], row["path"]]} for row in manifest.inputs]
    return replace(manifest, inputs=tuple(rows), removed=tuple(found.removed))


def _commit(run: StageContext, read: PairManifest) -> None:
    """Commits the three tables from a manifest, skipping commits that were made before."""
    metadata = CommitMetadata(
        run_id=read.run_id,
        stage="pairs",
        mode="append",
        config_hash=read.config_hash,
        code_version=code_version(),
        inputs={},
        started_at=read.started_at,
        rows_in=sum(row["rows_read"] for row in read.inputs),
        detail={"semantics": str(PAIR_READING.version)},
    )
    run.pairs_read.append(read.run_id)
    leaving = input_files(read.removed)
    for table, files in ((PAIRS, read.pairs), (PAIR_REJECTS, read.rejects)):
        run.lake.exchange(table, leaving, files, metadata)
    if not run.lake.is_committed(PAIR_INPUTS.name, read.run_id):
        run.lake.remove_unfinished(PAIR_INPUTS.name, read.run_id)
        rows = run.lake.write(_inputs(read), PAIR_INPUTS, read.run_id)
        run.lake.exchange(PAIR_INPUTS, leaving, rows, metadata)
    discard(run.lake)
    _report(run, PAIRS, read.run_id)


def _inputs(read: PairManifest) -> pa.Table:
    constant = {"run_id": read.run_id, "recorded_at": datetime.now(UTC)}
    rows = [{**row, **constant, "retry": row["transient"] > 0} for row in read.inputs]
    return pa.Table.from_pylist(rows, schema=PAIR_INPUTS.schema)


def _report(run: StageContext, table: Table, name: str) -> None:
    committed = run.lake.last_own_commit(table.name)
    if committed and committed.metadata and committed.metadata.run_id == name:
        run.committed(committed)
