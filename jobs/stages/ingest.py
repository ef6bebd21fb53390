"""files -> documents, rejects, inputs.

One pass over the input writes a *staging* folder; the tables are committed from it. So a run that is killed between
two commits does not read its input again, and commits exactly what it read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.lake import Note
from jobs.ledger import code_version, run_id
from jobs.stages.run import StageContext
from pipelines.readers import spark as readers
from pipelines.readers.config import SourceConfig
from pipelines.readers.record import InputFile
from pipelines.readers.splits import assign, split
from pipelines.tables import DOCUMENTS, INPUTS, REJECTS

STAGING = "_staging"


def run(run: StageContext) -> None:
    """Commits what an interrupted run had read, then reads the files that the lake does not know."""
    for staged in run.lake.folders(STAGING):
        if run.lake.read_file(f"{STAGING}/{staged}/rows/_SUCCESS") is not None:
            _commit(run, staged)
        run.lake.delete(f"{STAGING}/{staged}")
    for batch in _batches(_unknown_files(run), run.config.ingest.batch_bytes):
        name = _stage(run, batch)
        _commit(run, name)
        run.lake.delete(f"{STAGING}/{name}")


@dataclass(frozen=True)
class Listed:
    """A file with the source it belongs to."""

    file: InputFile
    config: SourceConfig


def _unknown_files(run: StageContext) -> list[Listed]:
    """Files of the configured sources that `inputs` does not hold, in the order of the sources and of their names."""
    listed = [Listed(file, source) for source in run.config.sources for file in readers.list_inputs(run.spark, source)]
    if not run.lake.exists(INPUTS.name):
        return listed
    rows = run.lake.read(INPUTS.name).select("source", "uri", "fingerprint", "settings").collect()
    known = {(row.source, row.uri, row.fingerprint) for row in rows}
    _tell_changed_settings(run, {(row.source, row.settings) for row in rows})
    return [one for one in listed if (one.file.source, one.file.uri, one.file.fingerprint) not in known]


def _tell_changed_settings(run: StageContext, seen: set[tuple[str, str]]) -> None:
    for source in run.config.sources:
        others = {settings for name, settings in seen if name == source.name} - {source.fingerprint()}
        if others:
            run.reporter.event(
                "source_settings_changed",
                f"  note: source {source.name} has other settings now; files that were read are not read again "
                "(name the source anew to read them with these)",
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


def _stage(run: StageContext, batch: list[Listed]) -> str:
    """Reads the files once, into the staging folder named after the run id."""
    config = run.config.ingest
    names = [(one.file.source, one.file.uri, one.file.fingerprint, one.config.fingerprint()) for one in batch]
    name = run_id("ingest", names, config.language_model)
    splits = [piece for one in batch for piece in split([one.file], one.config, config.split_bytes)]
    size = sum(one.file.size for one in batch)
    tasks = assign(splits, max(run.spark.sparkContext.defaultParallelism, -(-size // config.split_bytes)))
    run.reporter.event(
        "reading", f"  reading    {len(batch):,} files, {size / 1e6:,.1f} MB", files=len(batch), bytes=size
    )
    staged = readers.read_splits(run.spark, tasks, name, datetime.now(UTC), config.language_model)
    staged.write.partitionBy("kind").parquet(run.lake.path(f"{STAGING}/{name}/rows"))
    return name


def _commit(run: StageContext, name: str) -> None:
    """Commits a staging folder: documents, rejects, then the files they came from. Each commit is idempotent."""
    staged = run.spark.read.parquet(run.lake.path(f"{STAGING}/{name}/rows"))
    settings = {source.name: source.fingerprint() for source in run.config.sources}
    files = readers.summaries(staged).withColumns(
        {"settings": _lookup(settings, "source"), "run_id": F.lit(name), "recorded_at": F.current_timestamp()}
    )
    documents, again = _without_known(run, name, readers.documents(staged), files)
    rows = files.agg(F.sum("rows_read")).head()
    note = Note(
        run_id=name,
        stage="ingest",
        mode="append",
        config_hash=run.config.ingest.fingerprint(),
        code_version=code_version(),
        inputs={},
        started_at=run.started_at,
        rows_in=rows[0] if rows and rows[0] else 0,
    )
    run.lake.append(documents, DOCUMENTS, note)
    run.lake.append(readers.rejects(staged).unionByName(again), REJECTS, note)
    run.lake.append(_recount(files, again), INPUTS, note)
    committed = run.lake.last_noted(DOCUMENTS.name)
    assert committed is not None
    run.committed(committed)


def _without_known(
    run: StageContext, name: str, documents: DataFrame, files: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """Parts the documents of files that changed since they were read from those the lake holds already.

    Returns (new documents, rejects that say `already_ingested` for the others).
    """
    nothing = run.spark.createDataFrame([], from_arrow_schema(REJECTS.schema))
    if not run.lake.exists(INPUTS.name):
        return documents, nothing
    before = run.lake.read(INPUTS.name).where(F.col("run_id") != name).select("source", "uri").distinct()
    if files.join(before, on=["source", "uri"], how="left_semi").isEmpty():
        return documents, nothing
    known = run.lake.read(DOCUMENTS.name).where(F.col("run_id") != name).select("doc_id")
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
    return documents.join(known, on="doc_id", how="left_anti"), again


def _lookup(values: dict[str, str], key: str) -> Column:
    entries = [F.lit(text) for pair in values.items() for text in pair]
    return F.element_at(F.create_map(*entries), F.col(key)) if entries else F.lit(None).cast("string")


def _recount(files: DataFrame, again: DataFrame) -> DataFrame:
    """The counts per file, with records that the lake held already among the rejects."""
    moved = again.groupBy("source", "uri").agg(F.count("*").alias("moved"))
    joined = files.join(moved, on=["source", "uri"], how="left").withColumn("moved", F.coalesce("moved", F.lit(0)))
    return joined.withColumns(
        {"documents": F.col("documents") - F.col("moved"), "rejects": F.col("rejects") + F.col("moved")}
    ).drop("moved")
