"""Which days a backfill runs."""

from datetime import date, timedelta

from documents import NOW, run

from jobs import cli
from jobs.kubernetes.days import plan

DAY = date(2026, 11, 20)
TEXT = "2026-11-20"


def action(done=(), runs=(), again=False):
    (found,) = plan([DAY], done, runs, again)
    return found.action


def test_day_that_nobody_has_run():
    assert action() == "run"


def test_day_that_the_lake_has():
    assert action(done={DAY}) == "skip"


def test_day_whose_run_ended_well_though_the_lake_cannot_be_read():
    assert action(runs=[run("ingest", "COMPLETED", TEXT)]) == "skip"


def test_day_at_work_is_awaited_and_not_started_again():
    (found,) = plan([DAY], {DAY}, [run("ingest", "RUNNING", TEXT)], again=True)
    assert (found.action, found.run) == ("await", "tokenlake-ingest-2026-11-20-x7k2f")


def test_day_that_failed_is_run_though_its_first_stage_is_in_the_lake():
    assert action(done={DAY}, runs=[run("pipeline", "FAILED", TEXT)]) == "run"


def test_of_several_runs_of_a_day_the_newest_counts():
    failed = run("ingest", "FAILED", TEXT, began=NOW - timedelta(hours=3))
    done = run("ingest", "COMPLETED", TEXT, began=NOW - timedelta(hours=2))
    assert action(runs=[failed, done]) == "skip"
    assert action(runs=[done, failed]) == "run"


def test_again_runs_what_is_done():
    assert action(done={DAY}, runs=[run("ingest", "COMPLETED", TEXT)], again=True) == "run"


def test_runs_of_other_days_and_of_no_day_do_not_count():
    assert action(runs=[run("ingest", "COMPLETED", "2026-11-21"), run("ingest", "COMPLETED")]) == "run"


def test_days_stay_in_their_order():
    days = [DAY + timedelta(days=number) for number in range(4)]
    found = plan(days, {days[1]}, [])
    assert [each.day for each in found] == days
    assert [each.action for each in found] == ["run", "skip", "run", "run"]


def test_a_range_into_the_far_future_is_refused_before_the_cluster_is_asked(capsys):
    assert cli.main(["k8s", "backfill", "ingest", "2026-11-01..2126-11-20"]) == 2
    assert "2126-11-20 has not come yet" in capsys.readouterr().err
