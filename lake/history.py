"""What commits did whose entries in a table's log have expired.

Programs that clean up a log delete entries before its newest checkpoint. The table `runs` keeps a row for each commit
of tokenlake, from which the commit's metadata is read back. Of other commits nothing is known.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from lake.commits import EXPIRED, Commit, CommitMetadata
from pipelines.errors import TokenlakeError
from pipelines.tables import INPUTS, PAIR_INPUTS, PAIR_REJECTS, REJECTS, RETRACTIONS, RUNS

if TYPE_CHECKING:
    from lake.reading import LakeReader


class ExpiredLogError(TokenlakeError, LookupError):
    """Neither a table's log nor `runs` tells what a command needs to know."""


UNRECORDED = {INPUTS.name, REJECTS.name, RETRACTIONS.name, PAIR_INPUTS.name, PAIR_REJECTS.name, RUNS.name}
"""Tables of whose commits `runs` has no rows: no step asks what an old one did. All but `runs` share a run id with
`documents` or `pairs`, whose row describes the whole reading or retraction."""

_COLUMNS = (
    "table",
    "output_version",
    "run_id",
    "stage",
    "mode",
    "config_hash",
    "code_version",
    "inputs",
    "rows_in",
    "rows_out",
    "detail",
    "started_at",
    "finished_at",
)


def recorded(lake: "LakeReader", table: str) -> dict[int, Commit]:
    """version -> commit, for the commits of a table that `runs` holds; of a table made twice, the later ones."""
    if not lake.exists(RUNS.name):
        return {}
    rows = lake.read_here(RUNS.name, _COLUMNS)
    mine = rows.filter(pc.equal(rows["table"], table)).sort_by("finished_at")
    return {row["output_version"]: _commit(row) for row in mine.to_pylist(maps_as_pydicts="strict")}


def expired(table: str, version: int) -> Commit:
    """A commit that nothing tells about."""
    return Commit(table, version, datetime.fromtimestamp(0, UTC), EXPIRED, {}, None)


def _commit(row: dict) -> Commit:
    metadata = CommitMetadata(
        run_id=row["run_id"],
        stage=row["stage"],
        mode=row["mode"],
        config_hash=row["config_hash"],
        code_version=row["code_version"],
        inputs=row["inputs"],
        started_at=row["started_at"].timestamp(),
        rows_in=row["rows_in"],
        rows_out=row["rows_out"],
        detail=row["detail"],
    )
    return Commit(row["table"], row["output_version"], row["finished_at"], "WRITE", {}, metadata)
