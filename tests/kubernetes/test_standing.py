"""How the jobs stand, and how `status` prints it."""

import json
from datetime import timedelta

from documents import NOW, run, schedule, text

from jobs.commands.k8s.status import _show
from jobs.kubernetes.hindrances import Surroundings
from jobs.kubernetes.lake_rows import newest
from jobs.kubernetes.standing import standing

STARTED = {"lastRun": text(NOW - timedelta(hours=1)), "nextRun": text(NOW + timedelta(hours=23))}


def stand(of, *runs, rows=None, read_log=lambda run: ()):
    return standing(of, runs, Surroundings(), rows or {}, NOW, read_log)


def row(stage, table="decisions", status="done", finished=NOW, **detail):
    counts = {"rows_in": 1204, "rows_out": 1180, "seconds": 3.25}
    return {
        "stage": stage,
        "table": table,
        "status": status,
        "finished_at": finished,
        "detail": [*detail.items()],
        **counts,
    }


def daily(job="clean", **given):
    return schedule(job, status=STARTED, spec={"schedule": "0 1 * * *"}, **given)


def test_last_run_is_the_newest_whoever_started_it():
    by_clock = run("clean", "COMPLETED", began=NOW - timedelta(hours=1))
    by_hand = run("clean", "FAILED", began=NOW - timedelta(minutes=30), by="run")
    found = stand(daily(), by_clock, by_hand, run("dedup", "RUNNING"))
    assert (found.last, found.others) == (by_hand, [])
    assert found.is_bad


def test_failed_run_that_was_followed_by_a_good_one_is_past():
    failed = run("clean", "FAILED", began=NOW - timedelta(hours=1), error="driver container failed")
    found = stand(daily(), failed, run("clean", "COMPLETED", began=NOW - timedelta(minutes=30)))
    assert not found.is_bad
    assert found.problems == []


def test_runs_at_work_besides_the_newest():
    older = run("clean", "RUNNING", began=NOW - timedelta(hours=2), name="tokenlake-clean-older")
    assert stand(daily(), older, run("clean", "SUBMITTED")).others == [older]


def test_logs_are_read_of_runs_at_work_only():
    asked = []
    stand(
        daily(),
        run("clean", "RUNNING", name="a"),
        run("clean", "FAILED", name="b"),
        read_log=lambda run: asked.append(run.name) or (),
    )
    assert asked == ["a"]


def test_run_that_the_cluster_no_longer_lists():
    assert stand(daily()).state == "not listed"
    assert stand(schedule("clean")).state == "never ran"


def test_row_of_a_stage_is_that_of_its_main_table():
    later = NOW + timedelta(seconds=5)
    found = newest([row("clean"), row("clean", "contamination", finished=later), row("pack", "sequences_causal")])
    assert found["clean"].table == "decisions"
    assert found["pack"].table == "sequences_causal"


def test_failure_after_the_last_commit_is_the_last_row_and_a_problem():
    failed = row("clean", None, "failed", NOW + timedelta(seconds=5), error="DiskFull: no space left")
    rows = newest([failed, row("clean")])
    assert rows["clean"].status == "failed"
    assert stand(daily(), rows=rows).problems == ["the lake's table `runs`: DiskFull: no space left"]


def test_json_can_be_read_back():
    found = stand(daily(), run("clean", "COMPLETED"), rows=newest([row("clean")])).as_json()
    assert json.loads(json.dumps(found)) == found
    assert found["last_run"]["state"] == "done"
    assert found["lake"]["rows_out"] == 1180
    assert found["next_run"] == "2026-11-28T01:00:00+00:00"


def test_tables_are_readable_in_100_columns(capsys):
    day = run("ingest", "PENDING_RERUN", "2026-11-20", by="backfill")
    late = schedule("materialize", status={"nextRun": text(NOW - timedelta(days=2))}, spec={"schedule": "0 1 * * *"})
    rows = newest(
        [row("clean", finished=NOW), row("ingest", "documents"), row("pack", "sequences_instruction_tuning")]
    )
    stands = [stand(daily("ingest"), day), stand(daily(), rows=rows), stand(daily("pack"), rows=rows), stand(late)]
    _show(stands, "tokenlake", NOW, "")
    tables = capsys.readouterr().out.partition("needs attention")[0]
    assert max(map(len, tables.splitlines())) <= 100
    assert "backfill 2026-11-20" in tables
    assert "late by" in tables


def test_on_demand_jobs_are_not_called_suspended(capsys):
    _show([stand(schedule("pipeline")), stand(schedule("clean", spec={"suspend": True}))], "tokenlake", NOW, "")
    pipeline, clean = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith((" pipeline", " clean"))
    ]
    assert "when asked for" in pipeline
    assert "suspended" in clean
