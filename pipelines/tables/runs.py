"""The history of runs."""

import pyarrow as pa

from pipelines.tables.table import TIMESTAMP, Table, columns

RUNS = Table(
    "runs",
    key=("run_id",),
    schema=columns(
        run_id=pa.string(),
        stage=pa.string(),
        table=pa.string(),
        mode=pa.string(),  # append | rebuild
        config_hash=pa.string(),
        code_version=pa.string(),
        inputs=pa.map_(pa.string(), pa.int64()),  # table -> version read
        output_version=pa.int64(),
        rows_in=pa.int64(),
        rows_out=pa.int64(),
        seconds=pa.float64(),
        status=pa.string(),  # done | failed
        detail=pa.map_(pa.string(), pa.string()),
        started_at=TIMESTAMP,
        finished_at=TIMESTAMP,
    ),
    about="one row per stage run that committed or failed",
)
