"""documents -> measures -> decisions: the text is measured once, thresholds are applied to the measures."""

from jobs.ledger import fingerprint, plan
from jobs.stages.run import Run
from pipelines.policies.policy import load_policy
from pipelines.policies.spark import decide
from pipelines.rules.spark import measures
from pipelines.tables import DECISIONS, MEASURES


def run(run: Run) -> None:
    """Measures what is new, decides what is not decided."""
    _measure(run)
    _decide(run)


def _measure(run: Run) -> None:
    config = run.config.clean
    work = plan(
        run.lake,
        "clean",
        MEASURES,
        ["documents"],
        fingerprint(config.measure.fingerprint(), config.urls.fingerprint()),
    )
    if work.mode != "nothing":
        documents = work.read(run.lake, "documents")
        run.committed(work.commit(run.lake, measures(documents, config.measure, work.run_id)))


def _decide(run: Run) -> None:
    policy = load_policy(run.config.clean.policy)
    work = plan(run.lake, "clean", DECISIONS, ["measures"], policy.fingerprint())
    if work.mode != "nothing":
        measured = work.read(run.lake, "measures")
        run.committed(work.commit(run.lake, decide(measured, policy, work.run_id), policy=policy.identity))
