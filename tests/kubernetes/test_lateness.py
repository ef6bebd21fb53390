"""When a run should have started."""

from datetime import UTC, datetime, timedelta

from documents import NOW, run, schedule, text

from jobs.kubernetes.lateness import duration, timing

DAILY = "0 1 * * *"  # an hour before NOW
TODAY = NOW - timedelta(hours=1)
YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)


def of_schedule(last=None, next_run=TOMORROW, **given):
    status = {"scheduleState": "Scheduled", "nextRun": text(next_run)}
    status |= {"lastRun": text(last)} if last else {}
    return schedule("ingest", status=status, spec={"schedule": DAILY, **given.pop("spec", {})}, **given)


def test_run_that_started_in_time():
    found = timing(of_schedule(TODAY + timedelta(seconds=1)), [], NOW)
    assert not found.is_late
    assert found.next == TOMORROW
    assert found.why == ""


def test_missed_run_is_late_since_its_time():
    found = timing(of_schedule(YESTERDAY, next_run=TODAY), [], NOW)
    assert (found.missed, found.late) == (TODAY, timedelta(hours=1))
    assert found.why.startswith("late by 1 h: the operator did not start it")


def test_several_missed_runs_are_late_since_the_first():
    found = timing(of_schedule(YESTERDAY - timedelta(days=2), next_run=YESTERDAY), [], NOW)
    assert found.late == timedelta(hours=1, days=2)


def test_a_run_may_start_within_two_minutes():
    started_before = of_schedule(YESTERDAY, next_run=TODAY)
    assert not timing(started_before, [], TODAY + timedelta(minutes=1, seconds=59)).is_late
    assert timing(started_before, [], TODAY + timedelta(minutes=2, seconds=1)).is_late


def test_new_schedule_is_not_late_for_what_was_before_it():
    assert not timing(of_schedule(created=NOW - timedelta(minutes=30)), [], NOW).is_late


def test_edited_schedule_is_not_late_for_what_was_before_the_edit():
    assert not timing(of_schedule(edited=NOW - timedelta(minutes=30)), [], NOW).is_late


def test_status_of_the_operator_is_no_edit():
    assert timing(of_schedule(YESTERDAY, next_run=TODAY), [], NOW).is_late


def test_suspended_schedule_is_never_late():
    found = timing(of_schedule(YESTERDAY, spec={"suspend": True}), [], NOW)
    assert (found.next, found.is_late, found.why) == (None, False, "")


def test_run_that_waits_for_the_one_before():
    before = run("ingest", "RUNNING", name="tokenlake-ingest-1795654800")
    found = timing(of_schedule(YESTERDAY, next_run=TODAY), [before], NOW)
    assert found.is_late
    assert "tokenlake-ingest-1795654800 has not ended" in found.why


def test_single_run_keeps_no_schedule_waiting():
    single = run("ingest", "RUNNING", by="run")
    assert "did not start it" in timing(of_schedule(YESTERDAY, next_run=TODAY), [single], NOW).why


def test_operator_that_kept_the_time_from_before_an_edit():
    found = timing(of_schedule(TODAY, next_run=NOW + timedelta(days=200)), [], NOW)
    assert found.next == TOMORROW
    assert not found.is_late
    assert "the operator means to start it at 2027-06-15 02:00 instead" in found.why
    assert "--namespace=tokenlake patch scheduledsparkapplication tokenlake-ingest --subresource=status" in found.why


def test_schedule_that_the_operator_refuses():
    refused = schedule("ingest", status={"scheduleState": "FailedValidation", "reason": "expected 5 fields"})
    assert timing(refused, [], NOW).why == "never starts: expected 5 fields"


def test_times_of_another_zone():
    found = timing(of_schedule(TODAY, spec={"timeZone": "Asia/Tokyo"}), [], NOW)
    assert found.next == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def test_every_two_hours_counts_from_the_last_start():
    last = NOW - timedelta(hours=1, minutes=30)
    found = timing(of_schedule(last, next_run=last + timedelta(hours=2), spec={"schedule": "@every 2h"}), [], NOW)
    assert not found.is_late
    assert found.why == ""


def test_durations_have_two_units():
    spans = [(59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (5400, "1 h 30 min"), (187200, "2 d 4 h")]
    assert [duration(timedelta(seconds=seconds)) for seconds, _ in spans] == [words for _, words in spans]
