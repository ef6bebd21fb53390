"""What the entry point reads from the arguments of spark-submit before a driver starts."""

import pytest

from jobs.engine.spark.event_log import main, make_folder, properties, submitted_settings

# As Spark on Kubernetes mounts it (java.util.Properties.store).
WRITTEN = """\
#Java properties built from Kubernetes config map with name: spark-drv-conf-map
#Fri Nov 27 01:00:00 UTC 2026
spark.eventLog.enabled=true
spark.eventLog.dir=s3a\\://lake/spark-events
spark.app.name=two\\ words
spark.kubernetes.executor.label.a\\:b = c
"""


def test_a_properties_file_is_read_with_its_escapes():
    assert dict(properties(WRITTEN)) == {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": "s3a://lake/spark-events",
        "spark.app.name": "two words",
        "spark.kubernetes.executor.label.a:b": "c",
    }


def test_a_properties_file_as_users_write_it_is_read_too():
    assert dict(properties("spark.a   b\n! note\nspark.c:d\nspark.e=f \\\n  g\n")) == {
        "spark.a": "b",
        "spark.c": "d",
        "spark.e": "f g",
    }


def test_a_setting_on_the_command_line_wins(tmp_path):
    file = tmp_path / "spark.properties"
    file.write_text(WRITTEN)
    arguments = ["--properties-file", str(file), "--conf", "spark.eventLog.dir=s3a://other/events", "local:///a.py"]
    assert submitted_settings(arguments)["spark.eventLog.dir"] == "s3a://other/events"


@pytest.mark.parametrize("arguments", [["--conf", "spark.a=b=c"], ["--conf=spark.a=b=c"], ["-c", "spark.a=b=c"]])
def test_each_spelling_of_a_setting_is_read(arguments):
    assert submitted_settings(arguments) == {"spark.a": "b=c"}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"spark.eventLog.dir": "s3a://lake/events"},
        {"spark.eventLog.enabled": "false", "spark.eventLog.dir": "s3a://lake/events"},
        {"spark.eventLog.enabled": "true", "spark.eventLog.dir": "file:///var/events"},
        {"spark.eventLog.enabled": "true"},
    ],
)
def test_nothing_is_made_without_an_event_log_on_an_object_store(settings):
    assert make_folder(settings) is None


def test_a_properties_file_that_is_missing_ends_the_driver_with_its_name(tmp_path, capsys):
    assert main(["--properties-file", str(tmp_path / "absent")]) == 1
    assert f"{tmp_path}/absent" in capsys.readouterr().err
