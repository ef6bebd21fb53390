"""The folder of Spark's event log on a store, where S3A refuses one that does not exist."""

import os

from conftest import set_environment

from jobs.engine.spark.event_log import main, make_folder
from pipelines.storage.storage import Storage

ENABLED = {"spark.eventLog.enabled": "true"}


def test_the_folder_exists_afterwards(bucket):
    made = make_folder({**ENABLED, "spark.eventLog.dir": f"s3a://{bucket.name}/spark-events"})
    assert (made, Storage(bucket.uri("")).exists("spark-events")) == (bucket.uri("spark-events"), True)


def test_a_folder_that_is_there_keeps_its_logs(bucket):
    settings = {**ENABLED, "spark.eventLog.dir": f"s3a://{bucket.name}/spark-events/"}
    Storage(bucket.uri("spark-events")).write_bytes("app-1", b"events")
    make_folder(settings)
    make_folder(settings)
    assert Storage(bucket.uri("spark-events")).read_text("app-1") == "events"


def test_the_store_is_the_one_of_sparks_settings_where_the_environment_names_none(bucket, settings):
    address = os.environ["AWS_ENDPOINT_URL"]
    rest = {name: value for name, value in settings.items() if not name.startswith("AWS_ENDPOINT")}
    set_environment({name: value for name, value in rest.items() if name not in ("AWS_REGION", "AWS_ALLOW_HTTP")})
    make_folder(
        {
            **ENABLED,
            "spark.eventLog.dir": f"s3a://{bucket.name}/spark-events",
            "spark.hadoop.fs.s3a.endpoint": address.removeprefix("http://"),
            "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
            "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
        }
    )
    assert (bucket.folder / "spark-events" / ".folder").exists()


def test_a_bucket_that_does_not_exist_ends_the_driver_with_one_line(server, capsys):
    arguments = ["--conf", "spark.eventLog.enabled=true", "--conf", "spark.eventLog.dir=s3a://no-such-bucket/events"]
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "no-such-bucket" in line
    assert "bucket does not exist" in line
