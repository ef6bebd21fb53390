"""Training sets as tables of a lake: `training_set_<name>`, a new version whenever something has changed."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time as now

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.freshness import Status
from features.tables import arrow_type
from features.training_sets import entity_file
from features.training_sets.entities import checked, typed
from features.training_sets.inputs import Inputs, Request, VersionError, inputs_of
from features.training_sets.join import Entities, training_set
from features.training_sets.specification import EntityRowsError, Source, Specification, names
from lake.commits import Commit, CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version, fingerprint, run_id
from lake.scratch import Scratch
from pipelines.errors import MisuseError, TokenlakeError
from pipelines.tables import TIMESTAMP, Table

SEMANTICS = 1
"""Version of the join: it grows when the same inputs give other rows."""

_STAGE = "trainingset"
_NAME = re.compile(r"[a-z0-9_]+")
_TASK_BYTES = 32 << 20  # of Parquet files, whose rows a task holds in memory
_SHOWN = (Status.PRESENT, Status.NULL_VALUE, Status.NOT_FOUND, Status.OUTSIDE_MAX_AGE)


class LostRowsError(TokenlakeError, RuntimeError):
    """A join did not return each entity row once."""


@dataclass(frozen=True)
class Made:
    """A training set in the lake."""

    commit: Commit
    inputs: Inputs
    is_new: bool  # False: the lake had it already


def make(lake: Lake, request: Request, parallelism: int) -> Made:
    """Joins and commits a training set, unless the newest version of its table was made from the same.

    Args:
        lake: with an engine; locked by the caller.
        request: what is wanted.
        parallelism: how many tasks run at once.

    Raises:
        ConcurrentCommitError: another run committed to the table meanwhile.
        EntityRowsError: the entity rows cannot be used; the message names column and row.
        LostRowsError: the engine returned more or fewer rows than there are entity rows; nothing is committed.
        MissingPathError: no table and no file has the name of the entities.
        MisuseError: the name cannot be one of a table.
        VersionError: a version is asked for that does not exist, or whose columns are not those of the view.
    """
    if not _NAME.fullmatch(request.name):
        raise MisuseError(f"--name {request.name}: name a training set with lower-case letters, digits and _")
    inputs, base, started = inputs_of(lake, request), lake.version(request.table), now()
    config_hash = fingerprint(SEMANTICS, request.specification.content, request.entities, inputs.content)
    last = lake.last_own_commit(request.table)
    if last and last.metadata and last.metadata.config_hash == config_hash and _is_of(lake, last.metadata, inputs):
        return Made(last, inputs, is_new=False)
    made_from = run_id(_STAGE, request.table, config_hash, inputs.versions, base)
    lake.remove_unfinished(request.table, made_from)
    with Scratch(lake, f"{_STAGE}-{request.name}") as scratch:
        sources = request.specification.sources
        histories = {source.view.name: _history(lake, source, inputs) for source in sources}
        entities = _entities(lake, request, inputs, scratch)
        rows = training_set(entities, histories, request.specification, _partitions(lake, inputs, parallelism))
        table = Table(request.table, key=(), schema=rows.schema)
        files = lake.write(rows, table, made_from)
    written = sum(file.rows for file in files)
    if written != entities.count:
        raise LostRowsError(f"{table.name}: {written:,} rows for {entities.count:,} entity rows; nothing is committed")
    metadata = CommitMetadata(
        run_id=made_from,
        stage=_STAGE,
        mode="rebuild",
        config_hash=config_hash,
        code_version=code_version(),
        inputs=inputs.versions,
        started_at=started,
        rows_in=written,
        detail=_detail(request, inputs),
    )
    lake.commit_files(files, table, metadata, "overwrite", base)
    made = lake.last_own_commit(request.table)
    assert made is not None
    return Made(made, inputs, is_new=True)


def _is_of(lake: Lake, made: CommitMetadata, inputs: Inputs) -> bool:
    """Whether it was made from these versions, or from others with the same rows."""
    return made.inputs.keys() == inputs.versions.keys() and all(
        lake.has_same_rows(name, made.inputs[name], version) for name, version in inputs.versions.items()
    )


def statuses(lake: Lake, specification: Specification, made: Commit) -> dict[str, dict[Status, int]]:
    """View -> status -> how many rows of a training set have it."""
    columns = names(specification, ()).statuses
    rows = lake.read_here(made.table, columns, version=made.version)
    return {
        source.view.name: {status: pc.sum(pc.equal(rows[column], int(status))).as_py() or 0 for status in _SHOWN}
        for source, column in zip(specification.sources, columns, strict=True)
    }


def _detail(request: Request, inputs: Inputs) -> dict[str, str]:
    known_at = request.specification.known_at
    return {
        "service": request.specification.service,
        "plan": request.plan,
        "known_at": "" if known_at is None else str(known_at),
        "entities": request.entities,
        "entities_content": inputs.content,
        "semantics": str(SEMANTICS),
    }


def _entities(lake: Lake, request: Request, inputs: Inputs, scratch: Scratch) -> Entities:
    """Entity rows of a table, or of a file, which are stored where every task can read them.

    Raises:
        EntityRowsError: they cannot be used.
    """
    if request.entities not in inputs.versions:
        table = entity_file.read(Path(request.entities), request.specification)
        latest = pc.max(table[EVENT_TIMESTAMP]).as_py()
        return Entities(scratch.frame(table), table.schema, len(table), latest)
    version = inputs.versions[request.entities]
    stored = lake.schema(request.entities, version)
    timed = pa.schema([each.with_type(TIMESTAMP) if pa.types.is_timestamp(each.type) else each for each in stored])
    try:
        checked(timed, request.specification)
        rows = lake.read(request.entities, version)
        return Entities(rows, typed(timed, request.specification), *_counted(rows))
    except EntityRowsError as error:
        raise EntityRowsError(f"table {request.entities}: {error}") from error


def _counted(rows: DataFrame) -> tuple[int, datetime | None]:
    """How many rows there are, and the latest event time.

    Raises:
        EntityRowsError: a row has none.
    """
    time = F.col(EVENT_TIMESTAMP).cast("timestamp")
    counts = rows.agg(F.count("*").alias("rows"), F.count(time).alias("timed"), F.max(time).alias("latest"))
    found = counts.toArrow().to_pylist()[0]
    if found["timed"] < found["rows"]:
        raise EntityRowsError(f"{found['rows'] - found['timed']:,} rows have no {EVENT_TIMESTAMP}")
    return found["rows"], found["latest"]


def _history(lake: Lake, source: Source, inputs: Inputs) -> DataFrame:
    """The rows of a view's table at the version to read; no rows where there is no table.

    Raises:
        VersionError: the table lacks a column that is needed, or has it with another type.
    """
    dtypes = {**source.view.join_keys, **{name: source.view.features[name] for name in source.features}}
    times = [pa.field(EVENT_TIMESTAMP, TIMESTAMP), pa.field(CREATED, TIMESTAMP)]
    needed = pa.schema([*(pa.field(name, arrow_type(dtype)) for name, dtype in dtypes.items()), *times])
    if source.table not in inputs.versions:
        return lake.engine.frame(needed.empty_table())
    version = inputs.versions[source.table]
    stored = {field.name: field.type for field in lake.schema(source.table, version)}
    for field in needed:
        if stored.get(field.name) != field.type:
            found = f"has {field.name} as {stored[field.name]}" if field.name in stored else f"has no {field.name}"
            raise VersionError(
                f"{source.table} {found} in version {version}, and the view has it as {field.type}: compute the "
                "view's table anew, or read a version that has it"
            )
    return lake.read(source.table, version).select(*needed.names)


def _partitions(lake: Lake, inputs: Inputs, parallelism: int) -> int:
    size = sum(file.size for table, version in inputs.versions.items() for file in lake.files(table, version))
    return max(parallelism, size // _TASK_BYTES + 1)
