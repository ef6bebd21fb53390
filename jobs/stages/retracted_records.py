"""What a reading leaves out because it was retracted: the rows of `retractions`, and where they were last met."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.lake import Lake
from lake.row_files import select
from pipelines.readers.record import InputFile, Reason
from pipelines.readers.retracted import Place, Retracted
from pipelines.tables import INPUTS, REJECTS, RETRACTIONS

_COVERING = ("doc_id", "goes_with", "source", "path", "uri", "text_hash", "url", "whole_file")


def retracted_records(lake: Lake, files: Iterable[InputFile] = ()) -> Retracted | None:
    """All that was retracted; None if nothing was. The driver holds it: some hundred bytes for each document.

    Args:
        lake: of the retractions.
        files: to read; of these, records are also known by their position while the file stays as it is.
    """
    if not lake.exists(RETRACTIONS.name):
        return None
    rows = lake.read_here(RETRACTIONS.name, _COVERING).to_pylist()
    if not rows:
        return None
    selected = [row for row in rows if row["goes_with"] is None]
    return Retracted(
        files={(row["source"], row["path"]): row["doc_id"] for row in selected if row["whole_file"]},
        closed={row["uri"]: row["doc_id"] for row in selected if row["whole_file"]},
        texts=_by_place(selected, "text_hash"),
        urls=_by_place(selected, "url"),
        positions=_positions(lake, files, {row["doc_id"] for row in selected}),
        touched=frozenset(row["uri"] for row in rows),
        touched_places=frozenset((row["source"], row["path"]) for row in rows),
    )


def _by_place(rows: Sequence[Mapping[str, Any]], column: str) -> dict[Place, str]:
    """A value with its source, and with where its file lay, since a source may get another name."""
    return {(row[place], row[column]): row["doc_id"] for row in rows if row[column] for place in ("source", "uri")}


def _positions(
    lake: Lake, files: Iterable[InputFile], retractions: set[str]
) -> dict[tuple[str, str, str], dict[int, str]]:
    """Where the last reading of each of these files met retracted records, if the file has not changed since."""
    wanted = {(file.source, file.path): file for file in files}
    if not wanted:
        return {}
    places = pa.table({"source": [source for source, _ in wanted], "path": [path for _, path in wanted]})
    known = select(lake.storage, INPUTS, lake.files(INPUTS.name), places, ["source", "path", "fingerprint"])
    read = {(row["source"], row["path"]): row["fingerprint"] for row in known.to_pylist()}
    columns = ["source", "path", "position", "reason", "detail"]
    rejects = select(lake.storage, REJECTS, lake.files(REJECTS.name), places, columns)
    found: dict[tuple[str, str, str], dict[int, str]] = {}
    for row in rejects.filter(pc.equal(rejects["reason"], Reason.RETRACTED.value)).to_pylist():
        file = (row["source"], row["path"])
        if row["detail"] in retractions and read.get(file) == wanted[file].fingerprint:
            found.setdefault((*file, read[file]), {})[row["position"]] = row["detail"]
    return found
