"""Feast's Spark store reads the features that our Lake writes: `SparkSource(path, DeltaFormat)` on plain Delta."""

import json
import subprocess
import sys
from pathlib import Path

import delta_jars
import engine_commands
import pytest

PROJECT = Path(__file__).resolve().parents[2]

# A process of its own, with a JVM: makes the tables, applies the repository with Feast's check of every source, and
# joins features of one key and of two keys as of two times each.
FEAST_ON_SPARK = """
import json, sys, warnings
from datetime import timedelta
from pathlib import Path

warnings.simplefilter("ignore")
repository, lake, jars = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

import feature_lake
import pandas as pd
from feast import FeatureStore
from feast.repo_config import load_repo_config
from feast.repo_operations import apply_total

feature_lake.write(lake)
config = load_repo_config(repository, repository / "feature_store.yaml")
settings = config.offline_store.spark_conf
del settings["spark.jars.packages"]  # the same jars, but from the tests' cache
settings.update({"spark.jars": jars, "spark.master": "local[2]", "spark.sql.shuffle.partitions": "2"})
settings.update({"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"})  # few rows
settings["spark.driver.extraJavaOptions"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m"
apply_total(config, repository, skip_source_validation=False)

store = FeatureStore(config=config)
day = feature_lake.DAY
asked = {
    "source_quality": ([{"source": "web"}, {"source": "books"}], ["documents", "length_drift"]),
    "language_pair_statistics": ([{"source_language": "de", "target_language": "en"}], ["pairs", "length_ratio_mean"]),
}
found = {}
for view, (entities, features) in asked.items():
    times = [feature_lake.START + day / 2, feature_lake.START + 5 * day / 2]
    rows = [{**entity, "event_timestamp": time} for entity in entities for time in times]
    job = store.get_historical_features(pd.DataFrame(rows), [f"{view}:{name}" for name in features])
    table = job.to_df().sort_values([*entities[0], "event_timestamp"])
    found[view] = json.loads(table[features].to_json(orient="values"))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What Feast's join returns: for each view rows ordered by key and time, with the features asked for."""
    lake = tmp_path_factory.mktemp("lake")
    search = [str(PROJECT), str(PROJECT / "tests" / "features")]
    done = subprocess.run(
        [sys.executable, "-c", FEAST_ON_SPARK, PROJECT / "features", lake, ",".join(map(str, delta_jars.install()))],
        capture_output=True,
        text=True,
        env=engine_commands.environment(TOKENLAKE_LAKE=str(lake), PYTHONPATH=":".join(search)),
        cwd=lake,  # where Spark leaves its files
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_feast_joins_a_view_of_one_key(found):
    books = [[None, None], [None, None]]  # 100 days old, the view allows 90
    web = [[100, None], [140, 0.31]]
    assert found["source_quality"] == books + web


def test_feast_joins_a_view_of_two_keys(found):
    assert found["language_pair_statistics"] == [[1000, 0.93], [1500, 0.93]]
