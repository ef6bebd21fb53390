"""Point-in-time joins side by side.

    python -m benchmarks.features.point_in_time [--entities N] [--history N] [--only NAME …]

Each join is a process of its own on two cores. Prints a table; `point_in_time` gives it to `python -m benchmarks`.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks import results
from benchmarks.features.histories import ENTITIES, VIEW, files, write
from benchmarks.features.joins import CORES, FEATURES, JOINS
from benchmarks.process import run
from benchmarks.results import Found, Row, Run
from features.catalogue.catalogue import CATALOGUE

NAMES = {
    "sail": "tokenlake, sail",
    "spark": "tokenlake, spark",
    "feast": "Feast, Spark store",
    "duckdb": "DuckDB ASOF",
}
KEYS = (*CATALOGUE.view(VIEW).join_keys, "event_timestamp")
ENTITY_ROWS, HISTORY_ROWS = 20_000, 200_000


def point_in_time(work: Path, entities: int, history: int, joins: Sequence[str] = tuple(JOINS)) -> Found:
    """Point-in-time join: rows of a history as of the times of entity rows.

    One view with two keys and ten features, a Delta table. "Work" is from a session that has answered a query to a
    written result. Ours: `tokenlake features training-set` without its start. Feast 0.67: `get_historical_features`
    of its Spark store and a write to Parquet, in classic Spark with the optimising compiler, 8 shuffle partitions, 2
    of Delta's snapshot. DuckDB: `ASOF LEFT JOIN` of the same Parquet files, neither log nor commit: the floor. Below:
    the entity rows for which a join did not return exactly one row, with the values of the newest row of the same keys
    that is not later.
    """
    lake, found = work / "lake", Found()
    write(lake, entities, history)
    group = f"{entities:,} × {history:,}"
    for name in joins:
        command = [sys.executable, "-m", "benchmarks.features.joins", name, "--lake", lake, "--out", work / name]
        finished = run(command, CORES)
        said = finished.said()
        found.versions |= said["versions"]
        took = (finished.seconds, finished.cpu_seconds, finished.peak_mb)
        inner = said["measured"]["join"]["seconds"]
        rows = duckdb.sql(f"SELECT count(*) FROM {_result(work, name)}").fetchall()[0][0]
        ours = name in ("sail", "spark")
        found.runs.append(Run(group, NAMES[name], *took, entities + history, rows, inner, ours))
    for name in joins:
        what = f"{group}: entity rows with wrong values, {NAMES[name]}"
        found.rows.append(Row(what, "rows", wrong(work, lake, name), goal=0 if name in ("sail", "spark") else None))
    return found


def wrong(work: Path, lake: Path, name: str) -> int:
    """Entity rows for which a result does not have exactly one row, with the values of the newest row until then."""
    keys = [f"{key} AS {key}" if key != "event_timestamp" else f"epoch_us({key}) AS {key}" for key in KEYS]
    columns = ", ".join([*keys, *(feature.name for feature in FEATURES)])
    result = f"(SELECT {columns} FROM {_result(work, name)})"
    truth = f"(SELECT {columns} FROM {_truth(work, lake)})"
    differing = f"(FROM {result} EXCEPT ALL FROM {truth}) UNION ALL (FROM {truth} EXCEPT ALL FROM {result})"
    counted = duckdb.sql(f"SELECT count(*) FROM (SELECT DISTINCT {', '.join(KEYS)} FROM ({differing}))")
    return int(counted.fetchall()[0][0])


def _result(work: Path, name: str) -> str:
    return f"read_parquet({(work / name).read_text().splitlines()})"


def _truth(work: Path, lake: Path) -> str:
    """The join by its definition, without a special operator: the newest row that is not after the entity row."""
    values = ", ".join(f"arg_max_null(h.{feature.name}, h.event_timestamp) AS {feature.name}" for feature in FEATURES)
    keys = ", ".join(f"e.{key}" for key in KEYS)
    on = " AND ".join(f"e.{key} = h.{key}" for key in KEYS[:-1])
    return (
        f"(SELECT {keys}, {values} FROM read_parquet({files(lake, ENTITIES)}) e "
        f"LEFT JOIN read_parquet({files(lake, f'features_{VIEW}')}) h "
        f"ON {on} AND h.event_timestamp <= e.event_timestamp GROUP BY {keys})"
    )


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--entities", type=int, default=ENTITY_ROWS, metavar="N", help=f"rows (default: {ENTITY_ROWS})"
    )
    parser.add_argument(
        "--history", type=int, default=HISTORY_ROWS, metavar="N", help=f"rows (default: {HISTORY_ROWS})"
    )
    parser.add_argument("--only", nargs="+", choices=list(JOINS), default=list(JOINS), metavar="NAME")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        found = point_in_time(Path(work), options.entities, options.history, options.only)
    print(results.outcome("point_in_time", point_in_time, found, 0.0).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
