"""documents -> measures (-> contamination) -> decisions: measures each text once, then applies a policy."""

from pyspark.sql import DataFrame

from jobs.stages.contamination import compare
from jobs.stages.context import StageContext
from jobs.stages.policy_file import configured_policy, keep_policy
from lake.commits import Commit
from lake.history import ExpiredLogError
from lake.lake import Lake
from lake.ledger import Work, fingerprint, plan
from lake.shared_files import share
from pipelines.contamination.spark import with_contamination
from pipelines.policies.policy import Policy
from pipelines.policies.spark import decide, require_classifiers
from pipelines.rules.spark import measures
from pipelines.semantics import DECIDING, MEASURING
from pipelines.tables import CONTAMINATION, DECISIONS, MEASURES
from pipelines.text.spark import with_url_lists
from pipelines.urls.url_lists import UrlConfig


def run(run: StageContext) -> None:
    """Measures new documents, then decides those that have no decision under the configured policy."""
    _measure(run)
    compare(run)
    _decide(run)


def _measure(run: StageContext) -> None:
    config = run.config.clean.measure
    work = run.plan("clean", MEASURES, ["documents"], config.fingerprint(), MEASURING)
    if work.mode != "nothing":
        documents = work.read(run.lake, "documents")
        shared = config.relocated(lambda model: share(run.lake.storage, model))
        run.committed(work.commit(run.lake, measures(documents, shared, work.run_id)))


def _decide(run: StageContext) -> None:
    clean = run.config.clean
    policy = configured_policy(run.config)
    work = decision_work(run.lake, policy, clean.urls, run.config.decontaminate.enabled, run.keep_old)
    run.planned(work)
    if work.mode != "nothing":
        _note_replaced_policy(run, policy)
        run.committed(
            commit_decisions(run.lake, work, decisions(run.lake, work, policy, clean.urls), policy, clean.urls)
        )


def _note_replaced_policy(run: StageContext, policy: Policy) -> None:
    """Says that a policy that `tokenlake decide --apply` committed is replaced: the configuration counts."""
    last = run.lake.last_own_commit(DECISIONS.name)
    detail = last.metadata.detail if last and last.metadata else {}
    if detail.get("applied") and detail["policy"] != policy.label:
        run.reporter.event(
            "policy_replaced",
            f"  note: decided again with {policy.label}, which the configuration names; `tokenlake decide --apply` "
            f"had committed {detail['policy']}. To keep that one, name it under clean.policy",
            policy=policy.label,
            replaced=detail["policy"],
        )


def decision_work(lake: Lake, policy: Policy, urls: UrlConfig, compared: bool = False, keep_old: bool = False) -> Work:
    """The work that brings `decisions` up to date with a policy; `keep_old` as `StageContext.keep_old`.

    `compared`: table `contamination` counts.
    """
    settings = fingerprint(policy.fingerprint(), urls.fingerprint() if urls.enabled else "")
    inputs = ["measures"]
    if compared:
        settings, inputs = fingerprint(settings, CONTAMINATION.name), [*inputs, CONTAMINATION.name]
    return plan(lake, "clean", DECISIONS, inputs, settings, DECIDING, keep_old)


def decisions(lake: Lake, work: Work, policy: Policy, urls: UrlConfig) -> DataFrame:
    """The rows of `decisions` for this work, computed from the measures alone.

    Raises:
        UnmeasuredError: the policy has thresholds for a classifier that the documents were not measured with.
    """
    require_classifiers(work.whole(lake, "measures"), policy)
    measured = work.read(lake, "measures")
    if urls.enabled:
        measured = with_url_lists(measured, urls)
    if CONTAMINATION.name in work.inputs:
        measured = with_contamination(measured, work.whole(lake, CONTAMINATION.name))
    return decide(measured, policy, work.run_id)


def commit_decisions(
    lake: Lake, work: Work, rows: DataFrame, policy: Policy, urls: UrlConfig, **detail: str
) -> Commit:
    """Commits decisions, and stores the policy and the URL settings that made them."""
    keep_policy(lake, policy)
    return work.commit(lake, rows, policy=policy.label, urls=urls.model_dump_json(), **detail)


def urls_in_force(lake: Lake) -> UrlConfig:
    """The URL settings of the last commit of `decisions`.

    Raises:
        ExpiredLogError: the entry of that commit in the log has expired, and `runs` has no row for it.
    """
    last = lake.last_own_commit(DECISIONS.name)
    if last is None or last.metadata is None:
        if lake.exists(DECISIONS.name):
            raise ExpiredLogError(
                f"{lake.root}: the log of {DECISIONS.name} no longer tells which URL lists were in force; "
                "`tokenlake run CONFIG` decides anew"
            )
        return UrlConfig()
    return UrlConfig.model_validate_json(last.metadata.detail["urls"])
