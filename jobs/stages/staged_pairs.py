"""Files of pairs that a reading has written but not committed, and the manifest that lists them.

Once the manifest is written, the input is no longer needed: if the run is killed, the next one commits these files.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.data_files import REPORTED, DataFile, of_table, reported
from lake.lake import Lake
from lake.parquet_writer import TableWriter
from pipelines.bitext.staging import by_file
from pipelines.tables import PAIR_REJECTS, PAIRS

FOLDER = "_pairs"
"""Where the manifest lies."""

_MANIFEST = f"{FOLDER}/manifest.json"
_SUMMARY = "summary"
_TABLES = {"pair": PAIRS, "reject": PAIR_REJECTS}


@dataclass(frozen=True)
class StorePairs:
    """The sink of a reading task: takes staged rows, writes data files, returns rows of `REPORTED`."""

    root: str
    run_id: str
    schema: pa.Schema = REPORTED

    def __call__(self, rows: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Writes pairs and rejects; yields a row per file, then a row with a JSON summary per split."""
        writers = {kind: TableWriter(self.root, table, self.run_id) for kind, table in _TABLES.items()}
        summaries: list[str] = []
        try:
            for batch in rows:
                for kind, writer in writers.items():
                    writer.write(pa.Table.from_batches([batch]).filter(pc.equal(batch["kind"], kind)))
                summaries += batch.filter(pc.equal(batch["kind"], _SUMMARY))["summary"].to_pylist()
            files = [(_TABLES[kind].name, file) for kind, writer in writers.items() for file in writer.close()]
        except BaseException:
            for writer in writers.values():
                writer.abort()
            raise
        yield reported(files)
        labels = pa.array([_SUMMARY] * len(summaries), pa.string())
        yield pa.RecordBatch.from_arrays([labels, pa.array(summaries, pa.string())], schema=REPORTED)


@dataclass(frozen=True)
class PairManifest:
    """The uncommitted result of one reading."""

    run_id: str
    started_at: float  # seconds since the epoch
    config_hash: str
    pairs: tuple[DataFile, ...] = ()
    rejects: tuple[DataFile, ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()  # rows of `pair_inputs`, without the columns that are equal in all
    removed: tuple[tuple[str, str], ...] = ()  # (source, path) whose rows leave all three tables

    @staticmethod
    def of(reports: pa.Table, run_id: str, started_at: float, config_hash: str) -> "PairManifest":
        """From the rows of `REPORTED` that all reading tasks returned."""
        texts = reports.filter(pc.equal(reports["table"], _SUMMARY))["file"].to_pylist()
        pairs, rejects = (tuple(of_table(reports, table.name)) for table in (PAIRS, PAIR_REJECTS))
        return PairManifest(run_id, started_at, config_hash, pairs, rejects, tuple(by_file(map(json.loads, texts))))

    def save(self, lake: Lake) -> None:
        """Keeps it until `discard`."""
        lake.storage.write_text(_MANIFEST, json.dumps(asdict(self)))


def unfinished(lake: Lake) -> PairManifest | None:
    """What a reading that was interrupted has left to commit."""
    text = lake.storage.read_text(_MANIFEST)
    if text is None:
        return None
    found = json.loads(text)
    for key in ("pairs", "rejects"):
        found[key] = tuple(DataFile(**file) for file in found[key])
    found["inputs"] = tuple(found["inputs"])
    found["removed"] = tuple((source, path) for source, path in found["removed"])
    return PairManifest(**found)


def staged(lake: Lake) -> dict[str, set[str]]:
    """table -> data files that an interrupted reading has written and that the next one commits."""
    left = unfinished(lake)
    if left is None:
        return {}
    return {PAIRS.name: {file.path for file in left.pairs}, PAIR_REJECTS.name: {file.path for file in left.rejects}}


def discard(lake: Lake) -> None:
    """Deletes the manifest, once all its commits are made."""
    lake.storage.delete(_MANIFEST)
