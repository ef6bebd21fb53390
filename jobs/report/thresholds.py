"""The thresholds of the policy in force, to draw them into the distributions."""

from jobs.report.data import Threshold
from pipelines.policies.policy import Policy
from pipelines.policies.rules import Comparison, Rule


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
        measure=policy.measure(rule),
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
