"""The log of a driver for people."""

import io
import json

from jobs.kubernetes.driver_log import readable
from jobs.progress import Reporter


def reported(name, message="", **fields):
    """The line that a job with --log-json writes, with a fixed time."""
    stream = io.StringIO()
    Reporter(log_json=True, stream=stream).event(name, message, **fields)
    line = json.loads(stream.getvalue())
    return json.dumps({**line, "time": 1795741265.25})


def text(*lines):
    return list(readable(lines))


def test_event_is_its_message():
    line = reported("stage_finished", "  clean          3.2 s", stage="clean", seconds=3.2)
    assert text(line) == ["01:01:05 clean          3.2 s"]


def test_event_of_several_lines_stays_readable():
    assert text(reported("funnel", "\n  read  710\n  kept  179")) == ["01:01:05 read  710\n           kept  179"]


def test_event_without_a_message_is_its_name_and_fields():
    assert text(reported("stage_started", stage="clean")) == ["01:01:05 stage started: stage clean"]


def test_message_of_the_engine_is_said_once():
    assert text(reported("engine", "WARN x", line="WARN x")) == ["01:01:05 engine: line WARN x"]


def test_other_lines_are_as_they_were_written():
    lines = ["26/11/27 01:00:00 WARN TaskSetManager: Lost task 0.0", '{"not": "an event"}', "{broken", "", "[1, 2]"]
    assert text(*lines) == lines
