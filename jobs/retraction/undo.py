"""Takes retractions back: their files are read again by the next run that names their sources."""

import time
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from jobs.retraction.request import STAGE
from jobs.retraction.selection import SelectionError
from jobs.stages.reconcile import input_files
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version, run_id
from lake.row_files import select
from pipelines.readers.record import Reason
from pipelines.tables import INPUTS, REJECTS, RETRACTIONS


def undo(lake: Lake, doc_ids: Sequence[str], uris: Sequence[str]) -> list[str]:
    """Removes retractions, and those that go with them; returns their doc_ids. The lake is locked by the caller.

    Their files are marked first, so that a repeated attempt finds the retractions again.

    Raises:
        SelectionError: a document or uri is not retracted.
    """
    rows = lake.read_here(RETRACTIONS.name, ["doc_id", "goes_with", "source", "path", "uri"]).to_pylist() \
        if lake.exists(RETRACTIONS.name) else []  # fmt: skip
    selected = {row["doc_id"] for row in rows if row["doc_id"] in doc_ids or _is_meant(row["uri"], uris)}
    for each in [*doc_ids, *uris]:
        if not any(row["doc_id"] == each or _is_meant(row["uri"], [each]) for row in rows):
            raise SelectionError(f"{lake.root}: {each} is not retracted; the table `{RETRACTIONS.name}` lists what is")
    selected |= {row["goes_with"] for row in rows if row["doc_id"] in selected and row["goes_with"]}
    going = [row for row in rows if row["doc_id"] in selected or row["goes_with"] in selected]
    ids = sorted(row["doc_id"] for row in going)
    files = {(row["source"], row["path"]) for row in going} | _met_in(lake, ids)
    name = run_id(STAGE, "undo", ids, lake.version(RETRACTIONS.name))
    metadata = CommitMetadata(name, STAGE, "append", "", code_version(), {}, time.time())
    stored = select(lake.storage, INPUTS, lake.files(INPUTS.name), input_files(files), INPUTS.schema.names)
    again = stored.set_column(stored.column_names.index("retry"), "retry", pa.repeat(True, len(stored)))
    if not lake.is_committed(INPUTS.name, name):
        lake.remove_unfinished(INPUTS.name, name)
        lake.exchange(INPUTS, input_files(files), lake.write(again, INPUTS, name), metadata)
    lake.exchange(RETRACTIONS, pa.table({"doc_id": pa.array(ids, pa.string())}), [], metadata)
    return ids


def _is_meant(uri: str, uris: Sequence[str]) -> bool:
    return any(uri.startswith(each[:-1]) if each.endswith("*") else uri == each for each in uris)


def _met_in(lake: Lake, ids: Sequence[str]) -> set[tuple[str, str]]:
    """Files in which a later reading met records of these retractions."""
    rows = lake.read_here(REJECTS.name, ["source", "path", "reason", "detail"])
    mask = pc.and_(
        pc.equal(rows["reason"], Reason.RETRACTED.value), pc.is_in(rows["detail"], pa.array(ids, pa.string()))
    )
    return {(row["source"], row["path"]) for row in rows.filter(mask).to_pylist()}
