"""files -> documents, rejects, inputs.

Tasks read the input once and write the data files of `documents` and `rejects`. A *manifest* lists these files, and
the three tables are committed from it. If a run is killed between two commits, the next run finishes the commits from
the manifest and does not read the input again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa
from pyspark.sql import functions as F

from jobs.engine.choice import LARGE_INPUT_BYTES
from jobs.stages.context import StageContext
from jobs.stages.staged_files import Manifest, StoreStaged, manifest
from lake.commits import CommitMetadata
from lake.ledger import code_version, run_id
from lake.scratch import STAGING
from lake.storage import is_local
from pipelines.readers import spark as readers
from pipelines.readers.config import SourceConfig
from pipelines.readers.record import InputFile
from pipelines.readers.splits import assign, split
from pipelines.tables import DOCUMENTS, INPUTS, REJECTS

_LEAST_BYTES = 1 << 20  # of a task that is only there to keep all cores at work: each makes a file

_TABLES = (DOCUMENTS.name, REJECTS.name, INPUTS.name)


def run(run: StageContext) -> None:
    """Finishes the commits of an interrupted run, then ingests the files that are not in `inputs`."""
    _finish_interrupted(run)
    unknown = _unknown_files(run)
    _note_large_input(run, sum(one.file.size for one in unknown))
    for batch in _batches(unknown, run.config.ingest.batch_bytes):
        read = _read(run, batch)
        file = _manifest_file(read.run_id)
        run.lake.storage.write_text(file, read.to_json())
        _commit(run, read)
        run.lake.storage.delete(file)


def _note_large_input(run: StageContext, size: int) -> None:
    """Recommends a cluster for input that is large for one machine."""
    if run.engine.name == "sail" and size > LARGE_INPUT_BYTES:
        run.reporter.event(
            "large_input",
            f"  note: {size / 1e9:,.0f} GB of input is much for one machine; consider classic Spark on a cluster "
            "(--engine spark, see docs/engines.md)",
            bytes=size,
        )


def _finish_interrupted(run: StageContext) -> None:
    for entry in run.lake.storage.entries(STAGING):
        text = None if entry.is_folder else run.lake.storage.read_text(f"{STAGING}/{entry.name}")
        if text is not None and entry.name.endswith(".json"):
            _commit(run, Manifest.from_json(text))
        run.lake.storage.delete(f"{STAGING}/{entry.name}")
    _remove_orphaned_files(run)


def _remove_orphaned_files(run: StageContext) -> None:
    """Deletes data files of ingests that were killed before they wrote a manifest: no commit refers to them."""
    if not is_local(run.lake.root):
        return
    files = (path for table in _TABLES for path in run.lake.storage.files_below(table))
    names = {path.removeprefix("part-").rpartition("-")[0] for path in files if path.startswith("part-ingest-")}
    for name in names:
        for table in _TABLES:
            if not run.lake.is_committed(table, name):
                run.lake.remove_unfinished(table, name)


def _manifest_file(name: str) -> str:
    return f"{STAGING}/{name}.json"


@dataclass(frozen=True)
class Listed:
    """An input file and its source."""

    file: InputFile
    config: SourceConfig


def _unknown_files(run: StageContext) -> list[Listed]:
    """Files of the configured sources that are not in `inputs`, in order of source and name."""
    listed = [Listed(file, source) for source in run.config.sources for file in readers.list_inputs(source)]
    if not run.lake.exists(INPUTS.name):
        return listed
    rows = run.lake.read_here(INPUTS.name, ["source", "uri", "fingerprint", "settings"]).to_pylist()
    known = {(row["source"], row["uri"], row["fingerprint"]) for row in rows}
    _note_changed_settings(run, {(row["source"], row["settings"]) for row in rows})
    return [one for one in listed if (one.file.source, one.file.uri, one.file.fingerprint) not in known]


def _note_changed_settings(run: StageContext, seen: set[tuple[str, str]]) -> None:
    for source in run.config.sources:
        others = {settings for name, settings in seen if name == source.name} - {source.fingerprint()}
        if others:
            run.reporter.event(
                "source_settings_changed",
                f"  note: the settings of source {source.name} have changed; they apply to new files only "
                "(rename the source to read its files again)",
                source=source.name,
            )


def _batches(files: Iterable[Listed], limit: int) -> Iterator[list[Listed]]:
    batch: list[Listed] = []
    size = 0
    for one in files:
        if batch and size + one.file.size > limit:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.file.size
    if batch:
        yield batch


def _read(run: StageContext, batch: list[Listed]) -> Manifest:
    """Reads input files into data files named after the run id; returns their manifest."""
    config = run.config.ingest
    names = [(one.file.source, one.file.uri, one.file.fingerprint, one.config.fingerprint()) for one in batch]
    name = run_id("ingest", names, config.language_model)
    splits = [piece for one in batch for piece in split([one.file], one.config, config.split_bytes)]
    size = sum(one.file.size for one in batch)
    tasks = assign(splits, _tasks(size, run.engine.parallelism(), config.split_bytes))
    run.reporter.event(
        "reading", f"  reading    {len(batch):,} files, {size / 1e6:,.1f} MB", files=len(batch), bytes=size
    )
    sink = StoreStaged(run.lake.root, name)
    session = run.engine.session
    reports = readers.read_splits(session, tasks, name, datetime.now(UTC), config.language_model, sink).toArrow()
    return _without_known(run, manifest(reports, name, run.started_at, config.fingerprint()))


def _tasks(size: int, parallelism: int, split_bytes: int) -> int:
    """How many tasks read `size` bytes: several for each core, so that none waits long for the last one to end."""
    even = min(4 * parallelism, size // _LEAST_BYTES)
    return max(parallelism, even, -(-size // split_bytes))


def _commit(run: StageContext, read: Manifest) -> None:
    """Commits `documents`, `rejects` and `inputs` from a manifest, skipping commits that were made before."""
    metadata = CommitMetadata(
        run_id=read.run_id,
        stage="ingest",
        mode="append",
        config_hash=read.config_hash,
        code_version=code_version(),
        inputs={},
        started_at=read.started_at,
        rows_in=sum(row["rows_read"] for row in read.inputs),
    )
    run.ingested.append(read.run_id)
    run.lake.commit_files(read.documents, DOCUMENTS, metadata, "append", None)
    run.lake.commit_files(read.rejects, REJECTS, metadata, "append", None)
    if not run.lake.is_committed(INPUTS.name, read.run_id):
        run.lake.remove_unfinished(INPUTS.name, read.run_id)
        run.lake.append(_inputs(run, read), INPUTS, metadata, None)
    committed = run.lake.last_own_commit(DOCUMENTS.name)
    assert committed is not None
    run.committed(committed)


def _inputs(run: StageContext, read: Manifest) -> pa.Table:
    settings = {source.name: source.fingerprint() for source in run.config.sources}
    constant = {"run_id": read.run_id, "recorded_at": datetime.now(UTC)}
    rows = [{**row, "settings": settings.get(row["source"]), **constant} for row in read.inputs]
    return pa.Table.from_pylist(rows, schema=INPUTS.schema)


def _without_known(run: StageContext, read: Manifest) -> Manifest:
    """Rejects documents of changed files that the lake holds already, with the reason `already_ingested`.

    Only files whose earlier version is in `inputs` can hold such documents.
    """
    if not run.lake.exists(INPUTS.name):
        return read
    before = {(row["source"], row["uri"]) for row in run.lake.read_here(INPUTS.name, ["source", "uri"]).to_pylist()}
    if not any((row["source"], row["uri"]) in before for row in read.inputs):
        return read
    documents = run.lake.read_files(DOCUMENTS.name, read.documents, DOCUMENTS.schema)
    known = run.lake.read(DOCUMENTS.name).select("doc_id")
    again = documents.join(known, on="doc_id", how="left_semi").select(
        "source",
        "uri",
        "position",
        F.lit("already_ingested").alias("reason"),
        F.concat(F.lit("the file changed, this record did not: "), "doc_id").alias("detail"),
        F.lit(b"").alias("sample"),
        "run_id",
        "ingested_at",
    )
    rejects = run.lake.write(again, REJECTS, read.run_id)
    if not rejects:
        return read
    fresh = run.lake.write(documents.join(known, on="doc_id", how="left_anti"), DOCUMENTS, read.run_id)
    counted = run.lake.read_files(REJECTS.name, rejects, REJECTS.schema).groupBy("source", "uri").count().collect()
    moved = {(row["source"], row["uri"]): row["count"] for row in counted}
    for file in read.documents:
        run.lake.storage.delete(f"{DOCUMENTS.name}/{file.path}")
    inputs = tuple(_recounted(row, moved.get((row["source"], row["uri"]), 0)) for row in read.inputs)
    return replace(read, documents=tuple(fresh), rejects=(*read.rejects, *rejects), inputs=inputs)


def _recounted(row: dict, moved: int) -> dict:
    """The counts of a file after `moved` documents became rejects."""
    return {**row, "documents": row["documents"] - moved, "rejects": row["rejects"] + moved}
