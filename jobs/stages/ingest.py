"""files -> documents, rejects, inputs.

Tasks read the input once and write the data files of `documents` and `rejects`. A *manifest* lists these files, and
the three tables are committed from it. If a run is killed between two commits, the next run finishes the commits from
the manifest and does not read the input again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from jobs.engine.choice import LARGE_INPUT_BYTES
from jobs.stages.arrivals import Listed, arrivals
from jobs.stages.context import StageContext
from jobs.stages.reading_versions import note_other_versions, of_documents
from jobs.stages.reconcile import input_files, reconcile
from jobs.stages.retracted_records import retracted_records
from jobs.stages.staged_files import Manifest, StoreStaged, manifest
from lake.commits import CommitMetadata
from lake.lake import REWRITTEN
from lake.ledger import code_version, run_id
from lake.scratch import STAGING
from lake.shared_files import share
from pipelines.readers import spark as readers
from pipelines.readers.splits import assign, split
from pipelines.tables import DOCUMENTS, INPUTS, REJECTS, RETRACTIONS

_LEAST_BYTES = 1 << 20  # of a task that is only there to keep all cores at work: each makes a file

_OUR_FILE = re.compile(rf"part-(ingest|retract|{REWRITTEN})-([0-9a-f]{{16}})-")
_TABLES = (RETRACTIONS.name, DOCUMENTS.name, REJECTS.name, INPUTS.name)
_STAGES = ("ingest", "retract")  # that commit from a manifest


def run(run: StageContext) -> None:
    """Finishes the commits of an interrupted run, then brings the tables to what the sources hold now."""
    finish_interrupted(run)
    found = arrivals(run)
    note_other_versions(run, found)
    _note_large_input(run, sum(one.file.size for one in found.to_read))
    gone = found.gone
    batches = list(_batches(found.to_read, run.config.ingest.batch_bytes))
    for number, batch in enumerate(batches, 1):
        read = _read(run, batch, gone, _of_day(run, number, len(batches)))
        store(run, reconcile(run.lake, read, batch, gone, found.known))
        gone = ()
    if gone or not (batches or run.lake.exists(INPUTS.name)):  # the first day may bring nothing: later stages go on
        name, settings = _name(run, [], gone), run.config.ingest.fingerprint()
        nothing = Manifest(name, run.started_at, settings, (), (), (), detail=_of_day(run, 1, 1))
        store(run, reconcile(run.lake, nothing, [], gone, found.known))


def _of_day(run: StageContext, batch: int, batches: int) -> dict[str, str]:
    """What the commits of a batch say of the day that is read; `jobs.dates.done` finds the days by it."""
    if run.day is None:
        return {}
    numbered = {"batch": f"{batch} of {batches}"} if batches > 1 else {}
    return {"date": run.day.isoformat(), **numbered}


def store(run: StageContext, read: Manifest) -> None:
    """Commits a manifest, and keeps it until all its commits are made."""
    if read.is_empty and run.lake.exists(INPUTS.name):
        return
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


def finish_interrupted(run: StageContext) -> None:
    """Makes the commits of an ingest or a retraction that was killed; deletes files that no commit refers to."""
    for entry in run.lake.storage.entries(STAGING):
        text = None if entry.is_folder else run.lake.storage.read_text(f"{STAGING}/{entry.name}")
        if text is not None and entry.name.endswith(".json"):
            _commit(run, Manifest.from_json(text))
        run.lake.storage.delete(f"{STAGING}/{entry.name}")
    _remove_orphaned_files(run)


def _remove_orphaned_files(run: StageContext) -> None:
    """Deletes data files of ingests that were killed before they wrote a manifest: no commit refers to them."""
    files = (path for table in _TABLES for path in run.lake.storage.files_below(table))
    found = sorted({name[2] for path in files if (name := _OUR_FILE.match(path))})
    for table in _TABLES:
        unfinished = set(found)
        for stage in _STAGES:
            open_ones = run.lake.uncommitted(table, [f"{stage}-{number}" for number in unfinished])
            unfinished = {name.rpartition("-")[2] for name in open_ones}
        for number in sorted(unfinished):
            for prefix in (*_STAGES, REWRITTEN):
                run.lake.remove_unfinished(table, f"{prefix}-{number}")


def _manifest_file(name: str) -> str:
    return f"{STAGING}/{name}.json"


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


def _name(run: StageContext, batch: Sequence[Listed], gone: Sequence[tuple[str, str]]) -> str:
    """The run id: of what is read and what leaves, in a given state of the lake."""
    files = [(one.file.source, one.file.path, one.file.fingerprint, one.settings) for one in batch]
    return run_id("ingest", files, gone, run.lake.version(INPUTS.name))


def _read(
    run: StageContext, batch: Sequence[Listed], gone: Sequence[tuple[str, str]], detail: Mapping[str, str]
) -> Manifest:
    """Reads input files into data files named after the run id; returns their manifest."""
    config = run.config.ingest
    name = _name(run, batch, gone)
    splits = [piece for one in batch for piece in split([one.file], one.config, config.split_bytes)]
    size = sum(one.file.size for one in batch)
    tasks = assign(splits, _tasks(size, run.engine.parallelism(), config.split_bytes))
    run.reporter.event(
        "reading", f"  reading    {len(batch):,} files, {size / 1e6:,.1f} MB", files=len(batch), bytes=size
    )
    sink = StoreStaged(run.lake.root, name)
    session = run.engine.session
    model = share(run.lake.storage, config.language_model) if config.language_model else None
    retracted = retracted_records(run.lake, (one.file for one in batch))
    reports = readers.read_splits(session, tasks, name, datetime.now(UTC), model, sink, retracted).toArrow()
    return manifest(reports, name, run.started_at, config.fingerprint(), detail)


def _tasks(size: int, parallelism: int, split_bytes: int) -> int:
    """How many tasks read `size` bytes: several for each core, so that none waits long for the last one to end."""
    even = min(4 * parallelism, size // _LEAST_BYTES)
    return max(parallelism, even, -(-size // split_bytes))


def _commit(run: StageContext, read: Manifest) -> None:
    """Commits `documents`, `rejects` and `inputs` from a manifest, skipping commits that were made before."""
    metadata = CommitMetadata(
        run_id=read.run_id,
        stage=read.stage,
        mode="append",
        config_hash=read.config_hash,
        code_version=code_version(),
        inputs={},
        started_at=read.started_at,
        rows_in=sum(row["rows_read"] for row in read.inputs) if read.stage == "ingest" else 0,
        detail={**read.detail, "semantics": of_documents(run.lake, read)},
    )
    if read.stage == "ingest":
        run.ingested.append(read.run_id)
    if read.retractions:
        run.lake.commit_files(read.retractions, RETRACTIONS, metadata, "append", None)
    documents = pa.table({"doc_id": pa.array(read.removed_documents, pa.string())})
    files = input_files(read.removed_files)
    run.lake.exchange(DOCUMENTS, documents, read.documents, metadata)
    run.lake.exchange(REJECTS, files, read.rejects, metadata)
    if not run.lake.is_committed(INPUTS.name, read.run_id):
        run.lake.remove_unfinished(INPUTS.name, read.run_id)
        run.lake.exchange(INPUTS, files, run.lake.write(_inputs(read), INPUTS, read.run_id), metadata)
    committed = run.lake.last_own_commit(DOCUMENTS.name)
    if committed and committed.metadata and committed.metadata.run_id == read.run_id:
        run.committed(committed)


def _inputs(read: Manifest) -> pa.Table:
    constant = {"run_id": read.run_id, "recorded_at": datetime.now(UTC)}
    rows = [{**constant, **row} for row in read.inputs]  # a retraction leaves run and time of the reading
    for row in rows:
        if isinstance(row["recorded_at"], str):
            row["recorded_at"] = datetime.fromisoformat(row["recorded_at"])
    return pa.Table.from_pylist(rows, schema=INPUTS.schema)
