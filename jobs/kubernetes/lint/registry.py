"""All rules."""

from jobs.kubernetes.lint import (
    accounts,
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
