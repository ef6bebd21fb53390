"""Classic Spark on a lake in a bucket: the rows that Sail makes, by a connector that one command installs."""

import os

import corpus
import fault_lakes
import lake_rows
import pytest
from commands import succeed, tokenlake
from conftest import new_bucket

from jobs.engine.spark import java, object_stores

pytest.importorskip("pyspark.core", reason="classic Spark is not installed")

SPARK = ("--engine", "spark")


@pytest.fixture(scope="module")
def config(server, tmp_path_factory):
    java.home()
    object_stores.JARS.install()
    folder = tmp_path_factory.mktemp("spark")
    return fault_lakes.write_config(folder / "run.yaml", folder / "lake", corpus.make(folder / "corpus", 30))


def test_every_table_is_row_for_row_what_sail_makes(server, config):
    succeed("run", config)
    bucket = new_bucket(server)
    done = succeed("run", config, "--lake", bucket.uri("lake"), *SPARK)
    assert list(lake_rows.differences(bucket.folder / "lake", config.parent / "lake")) == []
    assert server.secret_key not in done.said + done.output


def test_without_the_connector_the_command_that_installs_it_is_named(bucket, config, tmp_path):
    environment = {**os.environ, "TOKENLAKE_JARS": str(tmp_path)}
    done = tokenlake("run", config, "--lake", bucket.uri("lake"), *SPARK, environment=environment)
    assert done.status == 2
    assert "Run `tokenlake doctor --install --engine spark --object-stores`" in done.said


def test_settings_hold_no_key_and_the_users_own_win(server, bucket, config):
    own = {"spark.hadoop.fs.s3a.attempts.maximum": "3", "spark.hadoop.fs.s3a.path.style.access": "false"}
    made = object_stores.added(own, bucket.uri("lake"))
    assert made.items() >= own.items()
    assert made["spark.hadoop.fs.s3a.endpoint"] == server.address
    assert not any(key in text for text in made.values() for key in (server.access_key, server.secret_key))
    assert object_stores.added(own, "/local/lake") == own
