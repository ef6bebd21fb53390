"""Which engine a command takes, and why."""

import pytest

from jobs.engine.choice import EngineError, choose

SUBMITTED = {"PYSPARK_GATEWAY_PORT": "1234"}
REMOTE = {"SPARK_REMOTE": "sc://spark.example:15002"}


@pytest.fixture(autouse=True)
def classic_spark_is_installed(monkeypatch):
    """The daily suite runs without it."""
    monkeypatch.setattr("jobs.engine.choice._classic", lambda: True)


def test_a_laptop_computes_in_the_command_s_own_process():
    assert choose(None, "auto", {}).name == "sail"


def test_spark_submit_is_answered_with_the_spark_that_it_started():
    choice = choose(None, "auto", SUBMITTED | REMOTE)
    assert (choice.name, choice.why) == ("spark", "spark-submit started this process")


def test_a_named_server_is_used():
    choice = choose(None, "auto", REMOTE)
    assert (choice.name, choice.why) == ("connect", "SPARK_REMOTE is set")


@pytest.mark.parametrize(
    ("argument", "configured", "environment", "name", "where"),
    [
        ("spark", "sail", {"TOKENLAKE_ENGINE": "sail"}, "spark", "--engine"),
        (None, "spark", {"TOKENLAKE_ENGINE": "sail"}, "spark", "the config"),
        ("auto", "auto", {"TOKENLAKE_ENGINE": "spark"}, "spark", "TOKENLAKE_ENGINE"),
        (None, "sail", SUBMITTED, "sail", "the config"),
    ],
)
def test_what_is_asked_for_first_wins(argument, configured, environment, name, where):
    choice = choose(argument, configured, environment)
    assert choice.name == name
    assert where in choice.why


def test_an_unknown_engine_is_an_error_that_lists_those_there_are():
    with pytest.raises(
        EngineError, match=r"TOKENLAKE_ENGINE: 'flink' is no engine; known: auto, sail, spark, connect"
    ):
        choose(None, "auto", {"TOKENLAKE_ENGINE": "flink"})


def test_connect_without_an_address_says_what_to_set():
    with pytest.raises(EngineError, match=r"set SPARK_REMOTE to the server's address"):
        choose("connect", "auto", {})


def test_an_engine_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("jobs.engine.choice._classic", lambda: False)
    with pytest.raises(EngineError, match=r"pip install 'tokenlake\[spark\]'"):
        choose("spark", "auto", {})


def test_where_there_is_no_sail_spark_is_taken(monkeypatch):
    monkeypatch.setattr("jobs.engine.choice.find_spec", lambda name: None)
    choice = choose(None, "auto", {})
    assert (choice.name, choice.why) == ("spark", "Sail is not installed")
    with pytest.raises(EngineError, match="not installed"):
        choose("sail", "auto", {})
