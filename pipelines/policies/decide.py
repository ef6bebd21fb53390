"""One document's measures against a policy, for `tokenlake explain`; the reference for the Spark expression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.policies.policy import Policy
from pipelines.policies.rules import Comparison, Rule, Threshold


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule on one document. `threshold` is None when the policy switches the rule off."""

    rule: Rule
    value: Any
    threshold: Threshold
    failed: bool

    @property
    def reason(self) -> str:
        return self.rule.reason

    @property
    def comparison(self) -> str:
        """The condition under which the rule fails."""
        return str(self.rule.comparison)


def evaluate(measures: Mapping[str, Any], policy: Policy) -> list[Verdict]:
    """Every rule of the policy on one row of `measures` (nested mappings), in policy order."""
    language = measures.get("language")
    verdicts = []
    for rule in policy.active():
        value = _value(measures, _known(measures, policy.measure(rule), rule))
        threshold = policy.threshold(rule, language)
        spared = policy.spares_zero(rule, language) and value == 0
        failed = threshold is not None and not spared and fails(rule.comparison, value, threshold)
        verdicts.append(Verdict(rule, value, threshold, failed))
    return verdicts


def reasons(measures: Mapping[str, Any], policy: Policy) -> list[str]:
    """The failed rules, in policy order; empty means keep."""
    return [verdict.reason for verdict in evaluate(measures, policy) if verdict.failed]


def fails(comparison: Comparison, value: Any, threshold: Any) -> bool:
    """`value <comparison> threshold`. An undefined measure (None) fails nothing but `NOT_IN`."""
    if comparison is Comparison.NOT_IN:
        return value not in threshold
    if value is None:
        return False
    match comparison:
        case Comparison.BELOW:
            return bool(value < threshold)
        case Comparison.ABOVE:
            return bool(value > threshold)
        case Comparison.AT_MOST:
            return bool(value <= threshold)
        case Comparison.IS_TRUE:
            return bool(value)
        case _:
            return bool(value == 0)


def _known(measures: Mapping[str, Any], path: str, rule: Rule) -> str:
    return rule.measure if measures.get(path.partition(".")[0]) is None else path


def _value(measures: Mapping[str, Any], path: str) -> Any:
    value: Any = measures
    for name in path.split("."):
        value = None if value is None else value.get(name)
    return value
