"""What hinders a run, in sentences."""

from datetime import timedelta
from pathlib import Path

from documents import NOW, run

from jobs.kubernetes.hindrances import Surroundings, hindrances

RECORDED = Path(__file__).with_name("recorded")
OVER_QUOTA = (RECORDED / "submission_over_quota.txt").read_text()
CUT_OFF = (RECORDED / "submission_cut_off.txt").read_text()  # the operator leaves out the middle of long output
NOWHERE = Surroundings()


def quota(memory):
    hard = {"requests.memory": memory}
    return {"metadata": {"name": "tokenlake"}, "spec": {"hard": hard}, "status": {"hard": hard, "used": {}}}


def pod_of(of, exit_code):
    statuses = [{"name": "c", "image": "i", "state": {"terminated": {"exitCode": exit_code, "reason": "OOMKilled"}}}]
    labels = {"sparkoperator.k8s.io/app-name": of.name, "spark-role": "driver"}
    return {"metadata": {"name": "d", "uid": "1", "labels": labels}, "status": {"containerStatuses": statuses}}


def test_refused_submission_is_one_line_with_the_figures():
    refused = run("clean", "SUBMISSION_FAILED", error=OVER_QUOTA)
    assert hindrances(refused, Surroundings(quotas=[quota("1Gi")]), NOW) == [
        "exceeded quota: tokenlake: a driver asks for 1536Mi of limits.memory, and 3584Mi of 4Gi are in use: raise "
        "quota.memory in the values, or let the job ask for less (jobs.clean.driver.memory)"
    ]


def test_driver_that_the_operator_only_calls_failed_is_explained_by_its_pod():
    failed = run("clean", "FAILED", error="driver container failed with ExitCode: 137, Reason: OOMKilled")
    assert hindrances(failed, Surroundings(pods=[pod_of(failed, 137)]), NOW) == [
        "driver d was killed because it used more memory than it may: raise jobs.clean.driver.memory_overhead"
    ]


def test_driver_whose_pod_is_gone_keeps_the_words_of_the_operator():
    message = "driver container failed with ExitCode: 1, Reason: Error"
    assert hindrances(run("clean", "FAILED", error=message), NOWHERE, NOW) == [message]


def test_pods_of_other_runs_do_not_count():
    other = run("clean", "FAILED", name="tokenlake-clean-other")
    assert hindrances(run("clean", "RUNNING"), Surroundings(pods=[pod_of(other, 137)]), NOW) == []


def test_run_that_is_done_has_nothing_to_say():
    done = run("clean", "COMPLETED", error="driver container failed with ExitCode: 137")
    assert hindrances(done, Surroundings(pods=[pod_of(done, 137)], quotas=[quota("1Gi")]), NOW) == []


def test_executors_that_a_quota_refuses_are_told_by_the_log_of_the_driver():
    line = (
        '26/11/27 02:00:00 WARN SnapshotsStore: Message: pods "x-exec-2" is forbidden: exceeded quota: '
        "tokenlake, requested: requests.cpu=2, used: requests.cpu=7, limited: requests.cpu=8. Received status: …"
    )
    (said,) = hindrances(run("clean", "RUNNING"), NOWHERE, NOW, ["INFO x", line])
    assert said.startswith("exceeded quota: tokenlake: an executor asks for 2 of requests.cpu, and 7 of 8 are in use")
    assert "jobs.clean.executor.cores" in said


def test_executors_that_are_killed_for_memory_are_told_by_the_log_of_the_driver():
    line = (
        "26/11/27 02:00:00 ERROR TaskSchedulerImpl: Lost executor 3 on 10.0.0.7: The executor with id 3 exited with "
        "exit code 137(SIGKILL, possible container OOM)."
    )
    (said,) = hindrances(run("dedup", "RUNNING"), NOWHERE, NOW, [line])
    assert said.endswith("raise jobs.dedup.executor.memory_overhead")


def test_run_that_no_operator_looks_at():
    old = run("clean", "", began=NOW - timedelta(minutes=2))
    assert "whether it watches namespace" in hindrances(old, NOWHERE, NOW)[0]
    assert hindrances(run("clean", "", began=NOW - timedelta(seconds=20)), NOWHERE, NOW) == []


def test_submission_whose_output_names_no_error_is_not_printed_whole():
    assert hindrances(run("clean", "SUBMISSION_FAILED", error=CUT_OFF), NOWHERE, NOW) == [
        "spark-submit failed and does not say why; see the log of the operator"
    ]
