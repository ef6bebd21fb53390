"""What the stage ingest writes: input files, documents and rejects."""

import pyarrow as pa

from pipelines.tables.table import TEXT_MAP, TIMESTAMP, Table, columns

INPUTS = Table(
    "inputs",
    key=("source", "path"),
    schema=columns(
        source=pa.string(),
        path=pa.string(),  # below the source's root; enters doc_id
        uri=pa.string(),  # where the file lay when it was read
        root=pa.string(),  # of the source, then
        format=pa.string(),
        size=pa.int64(),  # bytes
        fingerprint=pa.string(),  # of the file's size and content
        stamp=pa.string(),  # size and time of change: while it stays the same, so does the fingerprint
        settings=pa.string(),  # version of the readers, and fingerprint of the settings that the file was read with
        retry=pa.bool_(),  # whether the file could not be read to its end, so that the next run tries again
        rows_read=pa.int64(),  # counted by the reader; rows_read + kept = documents + rejects
        documents=pa.int64(),  # rows of the file in `documents`
        rejects=pa.int64(),  # rows of the file in `rejects`
        known=pa.int64(),  # of the documents: those that were there before the last reading
        kept=pa.int64(),  # of the documents: those that the file no longer holds
        skipped=pa.map_(pa.string(), pa.int64()),  # records that are no content (WARC requests, metadata), by type
        bytes_read=pa.int64(),
        run_id=pa.string(),
        recorded_at=TIMESTAMP,
    ),
    about="every input file, as it was last read; committed after its documents and rejects",
)

DOCUMENTS = Table(
    "documents",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        source=pa.string(),
        path=pa.string(),  # of the file, as in `inputs`
        uri=pa.string(),
        position=pa.int64(),
        text=pa.string(),
        language=pa.string(),
        language_score=pa.float64(),
        meta=TEXT_MAP,
        run_id=pa.string(),
        ingested_at=TIMESTAMP,
    ),
    about="one row per document read, text as extracted",
)

REJECTS = Table(
    "rejects",
    key=("source", "path", "position"),
    schema=columns(
        source=pa.string(),
        path=pa.string(),  # of the file, as in `inputs`
        uri=pa.string(),
        position=pa.int64(),
        reason=pa.string(),
        detail=pa.string(),
        sample=pa.binary(),
        run_id=pa.string(),
        ingested_at=TIMESTAMP,
    ),
    about="input that could not become a document, with reason, position and the first bytes",
)
