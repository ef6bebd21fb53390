"""All rules."""

from functools import partial

from jobs.kubernetes.lint import (
    accounts,
    ignoring,
    images,
    mounts,
    names,
    namespaces,
    placement,
    pod_security,
    properties,
    quotas,
    resources,
    retries,
    schedules,
    secrets,
)
from jobs.kubernetes.lint.rule import Rule

_FAMILIES = (
    schedules.FAMILY,
    names.FAMILY,
    retries.FAMILY,
    resources.FAMILY,
    quotas.FAMILY,
    placement.FAMILY,
    pod_security.FAMILY,
    mounts.FAMILY,
    secrets.FAMILY,
    accounts.FAMILY,
    images.FAMILY,
    properties.FAMILY,
    namespaces.FAMILY,
)

RULES: dict[str, Rule] = {rule.id: rule for family in _FAMILIES for rule in family.rules}
"""By id, in the order of families and of their files."""

RULES["lint.ignore"] = Rule(
    "lint.ignore",
    f"the annotation {ignoring.IGNORE} names a rule that does not exist",
    "ids of rules, between commas; `tokenlake k8s lint --rules` lists them",
    partial(ignoring.unknown, known={*RULES, "lint.ignore"}),
)
