"""The thresholds of the policy in force, to draw them into the distributions."""

from jobs.report.data import Threshold
from jobs.stages.policy_file import policy_of
from lake.lake import Lake
from pipelines.policies import files
from pipelines.policies.policy import Policy
from pipelines.policies.rules import Comparison, Rule


def policy_in_force(lake: Lake, label: str | None) -> Policy | None:
    """The policy behind the column `policy` of the decisions, `name@fingerprint`.

    The policy stored in the lake, else a bundled policy with that name and fingerprint. None when there is neither:
    then the report shows no thresholds rather than wrong ones.
    """
    if label is None:
        return None
    try:
        return policy_of(lake, label)
    except FileNotFoundError:
        name, _, fingerprint = label.partition("@")
        policy = files.load(name) if name in files.names() else None
        return policy if policy and policy.fingerprint() == fingerprint else None


def thresholds(policy: Policy | None) -> list[Threshold]:
    """The rules that look at a number or a switch, in policy order; those that are off everywhere are left out."""
    if policy is None:
        return []
    bounds = [_threshold(policy, rule) for rule in policy.active() if rule.kind != "names"]
    return [
        bound
        for bound in bounds
        if bound.value is not None or any(value is not None for value in bound.by_language.values())
    ]


def _threshold(policy: Policy, rule: Rule) -> Threshold:
    values = {code: _number(rule, policy.threshold(rule, code)) for code in sorted(policy.languages)}
    base = _number(rule, policy.threshold(rule))
    return Threshold(
        reason=rule.reason,
        measure=rule.measure,
        comparison=str(rule.comparison),
        value=base,
        by_language={code: value for code, value in values.items() if value != base},
    )


def _number(rule: Rule, threshold: object) -> float | None:
    """A threshold as a position on the measure's axis; that of a switch is the value that fails."""
    if threshold is None:
        return None
    if rule.kind == "switch":
        return 0.0 if rule.comparison is Comparison.IS_ZERO else 1.0
    assert isinstance(threshold, int | float)
    return float(threshold)
