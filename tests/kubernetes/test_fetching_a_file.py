"""A file through the log of a pod."""

import pytest
from documents import schedule
from hypothesis import given
from hypothesis import strategies as st

from jobs.kubernetes.fetching import FetchError, pod, printed, read_back

PAGE = b"<!doctype html>\n<p>\xe2\x80\xa6" + b"x" * 5000


@given(st.binary(max_size=5000))
def test_file_comes_back_byte_for_byte(content):
    assert read_back(printed(content).splitlines()) == content


def test_lines_around_it_do_not_matter():
    log = ["WARN: noise before", *printed(PAGE).splitlines(), "noise after", ""]
    assert read_back(log) == PAGE


def test_line_in_the_middle_is_noticed():
    lines = printed(PAGE).splitlines()
    with pytest.raises(FetchError, match="not whole"):
        read_back([*lines[:1], "WARN: noise", *lines[1:]])


def test_lost_line_is_noticed():
    lines = printed(bytes(range(256)) * 40).splitlines()
    with pytest.raises(FetchError, match="not whole"):
        read_back([lines[0], *lines[2:]])


def test_log_that_was_cut_off_is_noticed():
    with pytest.raises(FetchError, match="no file"):
        read_back(printed(PAGE).splitlines()[:-1])


def test_command_that_failed_tells_its_error():
    with pytest.raises(FetchError) as raised:
        read_back(["WARN: noise", "tokenlake: error: s3://x: no report there yet", "(--traceback shows where)"])
    assert str(raised.value) == "s3://x: no report there yet"


def test_pod_that_failed_otherwise_tells_what_it_said():
    with pytest.raises(FetchError, match=r"printed no file; it said: exec /opt/entrypoint\.sh: no such file"):
        read_back(["exec /opt/entrypoint.sh: no such file"])


def test_lines_are_short_enough_for_every_container_runtime():
    assert max(map(len, printed(PAGE * 50).splitlines())) < 16_000


def test_pod_has_the_rights_settings_and_restrictions_of_a_driver():
    of = schedule("pipeline")
    made = pod(of, "tokenlake-report-x", ["report", "s3://tokenlake/lake", "--print"])
    (container,) = made["spec"]["containers"]
    (driver,) = of.template["driver"]["template"]["spec"]["containers"]
    assert made["spec"]["serviceAccountName"] == "tokenlake-driver"
    assert container["env"] == driver["env"]
    assert container["securityContext"] == driver["securityContext"]
    assert container["image"] == of.template["image"]
    assert container["args"][0].startswith("/opt/tokenlake/")
    assert made["spec"]["restartPolicy"] == "Never"
