"""One point-in-time join in a process of its own, timed from a session that has answered a query to a written result.

    python -m benchmarks.features.joins sail|spark|feast|duckdb --lake DIR --out FILE

The lake has `features_language_pair_statistics` and the table `requests` of entity rows. The result is Parquet.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.clock import Clock
from benchmarks.features.histories import ENTITIES, PLAN, SERVICE, VIEW, files
from features.catalogue.catalogue import CATALOGUE

FEATURES = CATALOGUE.view(VIEW).features
CORES = 2


def ours(engine: str, lake: Path, out: Path) -> Clock:
    """What `tokenlake features training-set` does: the result is a Delta table of the lake."""
    from features.training_sets.inputs import Request
    from features.training_sets.specification import Specification
    from features.training_sets.table import make
    from jobs.engine.choice import Settings, choose
    from jobs.engine.choice import make as made
    from lake.lake import Lake

    request = Request(engine, Specification.of(PLAN, SERVICE), ENTITIES, {}, PLAN.fingerprint)
    clock, using = Clock("pyspark", "pysail"), made(choose(engine, "auto"), Settings())
    using.session.range(1).count()
    opened = Lake(str(lake), using)
    with clock.measure("join") as done:
        done["rows"] = make(opened, request, using.parallelism()).commit.rows_out
    out.write_text("\n".join(files(lake, request.table)))
    using.stop()
    return clock


def feast(lake: Path, out: Path) -> Clock:
    """`get_historical_features` of Feast's Spark store, on the same Delta table."""
    from feast import FeatureStore, RepoConfig
    from pyspark.sql import SparkSession

    from features.feast_registry import FILE, apply_definitions
    from tests.engines import delta_jars

    apply_definitions(str(lake), CATALOGUE)
    settings = {
        "spark.master": f"local[{CORES}]",
        "spark.jars": ",".join(map(str, delta_jars.install())),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",  # as ours; Spark's default of 200 is for clusters
        "spark.databricks.delta.snapshotPartitions": "2",  # Delta's default of 50 is for long logs
        "spark.driver.memory": "4g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.read.format("delta").load(f"{lake}/{ENTITIES}").createOrReplaceTempView("requests")
    session.range(1).count()
    store = FeatureStore(
        config=RepoConfig(
            project=CATALOGUE.project,
            provider="local",
            registry=f"{lake}/{FILE}",
            offline_store={"type": "spark", "spark_conf": settings},
            online_store=None,
            entity_key_serialization_version=3,
        )
    )
    clock = Clock("feast", "pyspark")
    with clock.measure("join"):
        job = store.get_historical_features(
            entity_df="SELECT * FROM requests", features=[f"{VIEW}:{feature.name}" for feature in FEATURES]
        )
        job.to_spark_df().write.mode("overwrite").parquet(f"{out}.parquet")
    out.write_text("\n".join(map(str, Path(f"{out}.parquet").glob("*.parquet"))))
    session.stop()
    return clock


def duckdb(lake: Path, out: Path) -> Clock:
    """The floor: DuckDB's `ASOF JOIN` of the same Parquet files in one process."""
    import duckdb as database

    connection = database.connect(config={"threads": CORES})
    keys = CATALOGUE.view(VIEW).join_keys
    on = " AND ".join(f"e.{key} = h.{key}" for key in keys)
    values = ", ".join(f"h.{feature.name}" for feature in FEATURES)
    clock = Clock("duckdb")
    with clock.measure("join"):
        connection.execute(
            f"COPY (SELECT e.*, {values} FROM read_parquet({files(lake, ENTITIES)}) e "
            f"ASOF LEFT JOIN read_parquet({files(lake, f'features_{VIEW}')}) h "
            f"ON {on} AND e.event_timestamp >= h.event_timestamp) TO '{out}.parquet' (FORMAT parquet)"
        )
    out.write_text(f"{out}.parquet")
    return clock


JOINS: dict[str, Callable[[Path, Path], Clock]] = {
    "sail": lambda lake, out: ours("sail", lake, out),
    "spark": lambda lake, out: ours("spark", lake, out),
    "feast": feast,
    "duckdb": duckdb,
}


def main() -> None:
    """Runs the join that the arguments name, and says what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("join", choices=list(JOINS))
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    JOINS[options.join](options.lake, options.out).say()


if __name__ == "__main__":
    main()
