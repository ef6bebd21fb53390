"""Documents, rejects and summaries as Arrow batches of one schema: the result of a reading task.

There is one summary for each split. All three kinds of row come from one reading, so they agree.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipelines.readers.dispatch import read
from pipelines.readers.record import TRANSIENT, Document, ReadStatistics, Reject, Split, doc_id
from pipelines.readers.retracted import Retracted
from pipelines.tables import DOCUMENTS, REJECTS

_log = logging.getLogger(__name__)

BATCH_BYTES = 16 << 20
BATCH_ROWS = 1000

_SUMMARY = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("format", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("fingerprint", pa.string()),
        pa.field("rows_read", pa.int64()),  # counted where records are found
        pa.field("documents", pa.int64()),
        pa.field("rejects", pa.int64()),
        pa.field("transient", pa.int64()),  # rejects that another attempt may not meet
        pa.field("bytes_read", pa.int64()),
        pa.field("skipped", pa.map_(pa.string(), pa.int64())),  # records that are no rows, by type
    ]
)

STAGED = pa.unify_schemas([pa.schema([pa.field("kind", pa.string())]), DOCUMENTS.schema, REJECTS.schema, _SUMMARY])


def staged_batches(
    splits: Sequence[Split],
    run_id: str,
    ingested_at: datetime,
    language_model: str | None = None,
    retracted: Retracted | None = None,
) -> Iterator[pa.RecordBatch]:
    """Reads splits one after the other, into batches bounded in bytes and rows; `retracted` records become rejects."""
    batch = _Batch({"run_id": run_id, "ingested_at": ingested_at}, language_model)
    for split in splits:
        _log.info("reading %s from byte %d of %d", split.file.uri, split.start, split.file.size)
        statistics, counts, transient = ReadStatistics(), {Document: 0, Reject: 0}, 0
        for found in read(split, statistics):
            record = found if retracted is None else retracted.applied(split.file, found)
            counts[type(record)] += 1
            transient += isinstance(record, Reject) and record.reason in TRANSIENT
            batch.add(split, record)
            if batch.is_full:
                yield batch.take()
        _log.debug("%s: %d documents, %d rejects", split.file.uri, counts[Document], counts[Reject])
        batch.add_summary(split, statistics, counts[Document], counts[Reject], transient)
    if batch.rows:
        yield batch.take()


class _Batch:
    """Collects staged rows until there are enough for a batch."""

    def __init__(self, constant: dict[str, Any], language_model: str | None) -> None:
        self._constant, self._language_model = constant, language_model
        self.rows: list[dict[str, Any]] = []
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        return self._bytes >= BATCH_BYTES or len(self.rows) >= BATCH_ROWS

    def add(self, split: Split, record: Document | Reject) -> None:
        """A document or a reject."""
        file = split.file
        place = {"source": file.source, "uri": file.uri, "path": file.path, "position": record.position}
        row = {**place, **self._constant}
        if isinstance(record, Document):
            row |= {"kind": "document", "text": record.text, "meta": list(record.meta.items())}
            row["doc_id"] = doc_id(file.source, file.path, record.position, record.text)
            self._bytes += 4 * len(record.text)
        else:
            row |= {"kind": "reject", "reason": record.reason.value, "detail": record.detail, "sample": record.sample}
        self.rows.append(row)

    def add_summary(
        self, split: Split, statistics: ReadStatistics, documents: int, rejects: int, transient: int
    ) -> None:
        """Adds the summary of a split."""
        file = split.file
        self.rows.append(
            {
                "kind": "summary",
                "source": file.source,
                "uri": file.uri,
                "position": split.start,
                "path": file.path,
                "format": file.format,
                "size": file.size,
                "fingerprint": file.fingerprint,
                "rows_read": statistics.rows,
                "documents": documents,
                "rejects": rejects,
                "transient": transient,
                "bytes_read": statistics.bytes,
                "skipped": sorted(statistics.skipped.items()),
                **self._constant,
            }
        )

    def take(self) -> pa.RecordBatch:
        """The rows so far, with the languages of the documents."""
        from pipelines.language.identification import identify

        read_documents = [row for row in self.rows if row["kind"] == "document"]
        languages, scores = identify([row["text"] for row in read_documents], self._language_model)
        for row, language, score in zip(read_documents, languages, scores, strict=True):
            row["language"], row["language_score"] = language, score
        batch = pa.RecordBatch.from_pylist(self.rows, STAGED)
        self.rows, self._bytes = [], 0
        return batch
