"""A process that has had a session of Spark Connect can start classic Spark."""

from jobs.engine.spark.inherited import environment_of_classic_spark


def test_what_a_session_of_connect_leaves_behind_is_not_handed_on():
    inherited = {"PATH": "/bin", "SPARK_CONNECT_MODE_ENABLED": "1", "SPARK_REMOTE": "sc://localhost:15002"}
    assert environment_of_classic_spark(inherited) == {"PATH": "/bin"}
