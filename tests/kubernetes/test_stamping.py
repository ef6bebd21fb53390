"""A schedule -> the SparkApplication of a single run."""

import re
from datetime import date

import pytest
from documents import NOW, schedule

from jobs.kubernetes.stamping import NoDayError, name, stamp
from jobs.kubernetes.values import JOBS
from pipelines.errors import MisuseError

DAY = date(2026, 11, 20)
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def test_run_has_the_spec_of_the_schedule():
    of = schedule("clean")
    made = stamp(of, NOW, "run")
    assert (made["apiVersion"], made["kind"]) == ("sparkoperator.k8s.io/v1beta2", "SparkApplication")
    assert {**made["spec"], "driver": None, "executor": None} == {**of.template, "driver": None, "executor": None}


def test_schedule_itself_is_not_changed():
    of = schedule("ingest")
    before = str(of.document)
    stamp(of, NOW, "run", DAY, ["--keep-old"])
    assert str(of.document) == before


def test_labels_tell_job_day_and_who_started_it():
    labels = stamp(schedule("ingest"), NOW, "backfill", DAY)["metadata"]["labels"]
    assert labels["tokenlake.io/job"] == "ingest"
    assert labels["tokenlake.io/date"] == "2026-11-20"
    assert labels["tokenlake.io/started-by"] == "backfill"
    assert labels["app.kubernetes.io/name"] == "tokenlake"


def test_operator_does_not_take_it_for_a_run_of_the_schedule():
    metadata = stamp(schedule("ingest"), NOW, "run")["metadata"]
    assert "sparkoperator.k8s.io/scheduled-app-name" not in metadata["labels"]
    assert "ownerReferences" not in metadata


def test_pods_carry_the_day_too():
    spec = stamp(schedule("ingest"), NOW, "run", DAY)["spec"]
    for role in ("driver", "executor"):
        labels = spec[role]["template"]["metadata"]["labels"]
        assert (labels["tokenlake.io/job"], labels["tokenlake.io/date"]) == ("ingest", "2026-11-20")


@pytest.mark.parametrize("job", ["ingest", "pipeline"])
def test_day_becomes_an_argument_of_jobs_that_read_sources(job):
    of = schedule(job)
    assert stamp(of, NOW, "run", DAY)["spec"]["arguments"] == [*of.arguments, "--date", "2026-11-20"]


def test_day_of_materialize_is_the_end_of_what_it_writes():
    arguments = stamp(schedule("materialize"), NOW, "run", DAY)["spec"]["arguments"]
    assert arguments[-2:] == ["--up-to", "2026-11-21T00:00Z"]


@pytest.mark.parametrize("job", sorted({*JOBS} - {"ingest", "materialize"}))
def test_other_jobs_have_no_day_and_say_what_to_run_instead(job):
    with pytest.raises(NoDayError, match="tokenlake k8s run pipeline --date 2026-11-20"):
        stamp(schedule(job), NOW, "run", DAY)


def test_further_arguments_come_last_so_that_they_win():
    made = stamp(schedule("clean"), NOW, "run", extra=["--wait", "0"])
    assert made["spec"]["arguments"][-4:] == ["--wait", "360", "--wait", "0"]


def test_command_has_only_the_given_arguments():
    words = ["retract", "s3://tokenlake/lake", "--doc-id", "0f3c"]
    assert stamp(schedule("command"), NOW, "run", extra=words)["spec"]["arguments"] == words


def test_command_without_arguments_is_refused():
    with pytest.raises(MisuseError, match="after --"):
        stamp(schedule("command"), NOW, "run")


@pytest.mark.parametrize("day", [DAY, None])
@pytest.mark.parametrize("of", ["tokenlake-ingest", "tokenlake-materialize", "a" * 60, "team-" * 12 + "x"])
def test_names_are_labels_that_the_operator_accepts(of, day):
    found = name(of, NOW, day)
    assert DNS_LABEL.fullmatch(found)
    assert len(found) <= 63
    assert found.startswith(of[:20])


def test_two_runs_of_a_day_have_different_names():
    assert name("tokenlake-ingest", NOW, DAY) != name("tokenlake-ingest", NOW, DAY)


def test_name_tells_the_day_or_the_time():
    assert name("tokenlake-ingest", NOW, DAY, "x7k2f") == "tokenlake-ingest-2026-11-20-x7k2f"
    assert name("tokenlake-ingest", NOW, None, "x7k2f") == "tokenlake-ingest-20261127-020000-x7k2f"
