"""Data files that ingest has written but not committed, and the manifest that lists them.

Once the manifest is written, the input is no longer needed: if the run is killed, the next one commits these files.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.data_files import REPORTED, DataFile, of_table, reported
from lake.lake import Lake
from lake.parquet_writer import TableWriter
from lake.scratch import STAGING
from pipelines.readers.summary import COUNTS, WHOLE, by_file
from pipelines.tables import DOCUMENTS, REJECTS, RETRACTIONS

Batches = Iterator[pa.RecordBatch]

_SUMMARY = "summary"
_TABLES = {"document": DOCUMENTS, "reject": REJECTS}


@dataclass(frozen=True)
class StoreStaged:
    """The sink of a reading task: takes staged rows, writes data files, returns rows of `REPORTED`."""

    root: str
    run_id: str
    schema: pa.Schema = REPORTED

    def __call__(self, rows: Batches) -> Batches:
        """Writes documents and rejects; yields a row per file, then a row with a JSON summary per split."""
        writers = {kind: TableWriter(self.root, table, self.run_id) for kind, table in _TABLES.items()}
        summaries: list[dict[str, Any]] = []
        try:
            for batch in rows:
                kinds = batch.column("kind")
                for kind, writer in writers.items():
                    writer.write(pa.Table.from_batches([batch]).filter(pc.equal(kinds, kind)))
                chosen = batch.filter(pc.equal(kinds, _SUMMARY))
                summaries += chosen.select([*WHOLE, *COUNTS, "skipped"]).to_pylist()
            files = [(_TABLES[kind].name, file) for kind, writer in writers.items() for file in writer.close()]
        except BaseException:
            for writer in writers.values():
                writer.abort()
            raise
        yield reported(files)
        texts = [json.dumps(summary) for summary in summaries]
        yield pa.RecordBatch.from_arrays(
            [pa.array([_SUMMARY] * len(texts), pa.string()), pa.array(texts, pa.string())], schema=REPORTED
        )


@dataclass(frozen=True)
class Manifest:
    """The uncommitted result of one ingest, or of one retraction."""

    run_id: str
    started_at: float  # seconds since the epoch
    config_hash: str
    documents: tuple[DataFile, ...]
    rejects: tuple[DataFile, ...]
    inputs: tuple[dict[str, Any], ...]  # rows of table `inputs`, without the columns that are equal in all
    removed_documents: tuple[str, ...] = ()  # ids
    removed_files: tuple[tuple[str, str], ...] = ()  # (source, path) whose rows in `rejects` and `inputs` leave
    retractions: tuple[DataFile, ...] = ()  # committed first, so that a request that was accepted is not lost
    stage: str = "ingest"  # or "retract"
    detail: Mapping[str, str] = field(default_factory=dict)  # of its commits

    @property
    def is_empty(self) -> bool:
        """Whether a commit would change nothing."""
        return not (self.inputs or self.removed_documents or self.removed_files)

    def to_json(self) -> str:
        """The content of the manifest's file."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Manifest":
        """The reverse of `to_json`."""
        found = json.loads(text)
        for key in ("documents", "rejects", "retractions"):
            found[key] = tuple(DataFile(**file) for file in found.get(key, ()))
        for key in ("inputs", "removed_documents"):
            found[key] = tuple(found.get(key, ()))
        found["removed_files"] = tuple((source, path) for source, path in found.get("removed_files", ()))
        return Manifest(**found)


def manifest(
    reports: pa.Table, run_id: str, started_at: float, config_hash: str, detail: Mapping[str, str]
) -> Manifest:
    """The manifest from the rows of `REPORTED` that all reading tasks returned."""
    texts = reports.filter(pc.equal(reports["table"], _SUMMARY))["file"].to_pylist()
    return Manifest(
        run_id,
        started_at,
        config_hash,
        tuple(of_table(reports, DOCUMENTS.name)),
        tuple(of_table(reports, REJECTS.name)),
        tuple(by_file(map(json.loads, texts))),
        detail=detail,
    )


def staged(lake: Lake) -> Mapping[str, set[str]]:
    """table -> data files that an interrupted ingest or retraction has written and that the next one commits."""
    found: dict[str, set[str]] = {}
    for entry in lake.storage.entries(STAGING):
        text = lake.storage.read_text(f"{STAGING}/{entry.name}") if entry.name.endswith(".json") else None
        if text is not None:
            left = Manifest.from_json(text)
            written = (
                (DOCUMENTS.name, left.documents),
                (REJECTS.name, left.rejects),
                (RETRACTIONS.name, left.retractions),
            )
            for table, files in written:
                found.setdefault(table, set()).update(file.path for file in files)
    return found


def is_interrupted(lake: Lake) -> bool:
    """Whether an ingest or a retraction has ended before all its commits; the next run makes them."""
    return any(entry.name.endswith(".json") for entry in lake.storage.entries(STAGING))
