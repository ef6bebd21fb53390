"""documents -> measures -> decisions: the text is measured once, thresholds are applied to the measures."""

from pyspark.sql import DataFrame

from jobs.lake import Lake
from jobs.ledger import Work, plan
from jobs.stages.policy_file import keep_policy
from jobs.stages.run import Run
from pipelines.policies.files import load
from pipelines.policies.policy import Policy
from pipelines.policies.spark import decide
from pipelines.rules.spark import measures
from pipelines.tables import DECISIONS, MEASURES
from pipelines.text.spark import with_url_lists
from pipelines.text.urls import UrlConfig


def run(run: Run) -> None:
    """Measures what is new, decides what is not decided."""
    _measure(run)
    _decide(run)


def _measure(run: Run) -> None:
    config = run.config.clean.measure
    work = plan(run.lake, "clean", MEASURES, ["documents"], config.fingerprint())
    if work.mode != "nothing":
        documents = work.read(run.lake, "documents")
        run.committed(work.commit(run.lake, measures(documents, config, work.run_id)))


def _decide(run: Run) -> None:
    clean = run.config.clean
    policy = load(clean.policy)
    work = decision_work(run.lake, policy, clean.urls)
    if work.mode != "nothing":
        keep_policy(run.lake, policy)
        run.committed(work.commit(run.lake, decisions(run.lake, work, policy, clean.urls), policy=policy.label))


def decision_work(lake: Lake, policy: Policy, urls: UrlConfig | None = None) -> Work:
    """What is to be decided under a policy."""
    lists = urls or UrlConfig()
    settings = policy.fingerprint() + (lists.fingerprint() if lists.enabled else "")
    return plan(lake, "clean", DECISIONS, ["measures"], settings)


def decisions(lake: Lake, work: Work, policy: Policy, urls: UrlConfig | None = None) -> DataFrame:
    """The decisions of a piece of work, as column expressions over measures."""
    measured = work.read(lake, "measures")
    if urls and urls.enabled:
        measured = with_url_lists(measured, urls)
    return decide(measured, policy, work.run_id)
