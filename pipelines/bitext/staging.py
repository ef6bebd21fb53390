"""Pairs, rejects and summaries as Arrow batches of one schema: the result of a reading task.

There is one summary for each split. All three kinds of row come from one reading, so they agree.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipelines.bitext.readers.dispatch import read
from pipelines.bitext.record import Pair, PairSplit, pair_id
from pipelines.readers.record import TRANSIENT, ReadStatistics, Reject
from pipelines.tables import PAIR_REJECTS, PAIRS

BATCH_BYTES = 16 << 20
BATCH_ROWS = 10_000

WHOLE = ("source", "path", "beside", "uri", "format", "size", "fingerprint")
COUNTS = ("rows_read", "pairs", "rejects", "transient", "bytes_read")

STAGED = pa.unify_schemas(
    [pa.schema([("kind", pa.string()), ("summary", pa.string())]), PAIRS.schema, PAIR_REJECTS.schema]
)
"""`kind`: pair, reject or summary; `summary`: JSON of the keys `WHOLE` and `COUNTS`."""


def staged_batches(splits: Sequence[PairSplit], run_id: str, ingested_at: datetime) -> Iterator[pa.RecordBatch]:
    """Reads splits one after the other, into batches bounded in bytes and rows."""
    constant = {"run_id": run_id, "ingested_at": ingested_at}
    rows: list[dict[str, Any]] = []
    held = 0
    for split in splits:
        statistics, counts = ReadStatistics(), Counter[str]()
        for record in read(split, statistics):
            row = _row(split, record)
            counts[f"{row['kind']}s"] += 1
            counts["transient"] += isinstance(record, Reject) and record.reason in TRANSIENT
            rows.append(row | constant)
            held += 4 * (len(record.source) + len(record.target)) if isinstance(record, Pair) else 0
            if held >= BATCH_BYTES or len(rows) >= BATCH_ROWS:
                yield pa.RecordBatch.from_pylist(rows, STAGED)
                rows, held = [], 0
        rows.append({"kind": "summary", "summary": json.dumps(_summary(split, statistics, counts))})
    if rows:
        yield pa.RecordBatch.from_pylist(rows, STAGED)


def _row(split: PairSplit, record: Pair | Reject) -> dict[str, Any]:
    file, languages = split.of.file, split.of.config.languages
    row: dict[str, Any] = {"source": file.source, "path": file.path, "uri": file.uri, "position": record.position}
    if isinstance(record, Reject):
        told = {"reason": record.reason.value, "detail": record.detail, "sample": record.sample}
        return row | told | {"kind": "reject"}
    return row | {
        "kind": "pair",
        "pair_id": pair_id(file.source, file.path, record.position, record.source, record.target),
        "source_text": record.source,
        "target_text": record.target,
        "source_language": languages[0],
        "target_language": languages[1],
        "meta": list(record.meta.items()),
    }


def _summary(split: PairSplit, statistics: ReadStatistics, counts: Counter[str]) -> dict[str, Any]:
    of = split.of
    return {
        "source": of.file.source,
        "path": of.file.path,
        "beside": of.beside.path if of.beside else None,
        "uri": of.file.uri,
        "format": of.format,
        "size": of.size,
        "fingerprint": of.fingerprint,
        "rows_read": statistics.rows,
        "pairs": counts["pairs"],
        "rejects": counts["rejects"],
        "transient": counts["transient"],
        "bytes_read": statistics.bytes,
    }


def by_file(summaries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the splits of each file read, added up, in the order of (source, path)."""
    files: dict[tuple[Any, ...], Counter[str]] = {}
    for row in summaries:
        files.setdefault(tuple(row[name] for name in WHOLE), Counter()).update({name: row[name] for name in COUNTS})
    return [
        {**dict(zip(WHOLE, file, strict=True)), **{name: counts[name] for name in COUNTS}}
        for file, counts in sorted(files.items(), key=lambda item: item[0][:2])
    ]
