"""What contract 2 adds to `inputs`, `documents` and `rejects`: the path of each file, and its last reading's state.

Contract 1 had a row in `inputs` for every reading of a file, and found a file again by where it lay.
"""

import pyarrow as pa

from lake.lake import Lake
from pipelines.tables import INPUTS

UNKNOWN_SETTINGS = "0:"
"""In column `settings`: read by readers of before versions were recorded, so the next run reads the file again."""


def paths(lake: Lake) -> dict[tuple[str, str], str]:
    """(source, uri) -> path of every input file."""
    rows = lake.read_here(INPUTS.name, ["source", "uri", "path"]).to_pylist()
    return {(row["source"], row["uri"]): row["path"] for row in rows}


def with_paths(rows: pa.Table, known: dict[tuple[str, str], str]) -> pa.Table:
    """Rows of `documents` or `rejects` with the column `path`."""
    files = zip(rows["source"].to_pylist(), rows["uri"].to_pylist(), strict=True)
    return rows.append_column("path", pa.array([known.get(file, file[1]) for file in files], pa.string()))


def one_row_a_file(rows: pa.Table) -> pa.Table:
    """Table `inputs` of contract 1 -> of contract 2. Documents of earlier readings count as kept."""
    files: dict[tuple[str, str], dict] = {}
    for row in sorted(rows.to_pylist(), key=lambda row: row["recorded_at"]):
        before = files.get((row["source"], row["path"]), {"documents": 0, "rejects": 0})
        documents, rejects = before["documents"] + row["documents"], before["rejects"] + row["rejects"]
        files[row["source"], row["path"]] = {
            **row,
            "root": row["uri"].removesuffix(row["path"]).rstrip("/"),
            "stamp": "",
            "settings": UNKNOWN_SETTINGS,
            "retry": False,
            "documents": documents,
            "rejects": rejects,
            "known": 0,
            "kept": documents + rejects - row["rows_read"],
        }
    return pa.Table.from_pylist(list(files.values()), schema=INPUTS.schema)
