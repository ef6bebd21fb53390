"""No table holds a document that was retracted, and `documents` none that a reading would leave out."""

from collections.abc import Iterator

import pyarrow as pa

from jobs.checks import waiting
from jobs.checks.finding import Finding, none_of
from jobs.retraction.outcome import retracted_ids
from jobs.stages.retracted_records import retracted_records
from jobs.stages.staged_files import is_interrupted
from lake.holding import holding_at, tables_of_documents
from lake.lake import Lake
from lake.row_files import select
from pipelines.readers.retracted import Retracted
from pipelines.tables import DOCUMENTS


def gone(lake: Lake) -> Iterator[Finding]:
    """A finding for each table that names documents; where a retraction was interrupted, only of what it finished."""
    retracted = retracted_records(lake)
    if retracted is None or is_interrupted(lake):
        return
    doc_ids = retracted_ids(lake)
    for name in tables_of_documents(lake):
        if not waiting.behind(lake, name):
            rows = holding_at(lake, name, lake.version(name), doc_ids)
            yield none_of(f"{name}: rows of retracted documents", rows)
    yield _closed_files(lake, retracted)


def _closed_files(lake: Lake, retracted: Retracted) -> Finding:
    places = sorted(retracted.files)
    wanted = pa.table(
        {
            "source": pa.array([source for source, _ in places], pa.string()),
            "path": pa.array([path for _, path in places], pa.string()),
        }
    )
    found = select(lake.storage, DOCUMENTS, lake.files(DOCUMENTS.name), wanted, ["doc_id"])["doc_id"].to_pylist()
    return none_of("documents of files that were retracted whole", len(found), found[0] if found else None)
