"""All rules."""

from jobs.kubernetes.lint import schedules
from jobs.kubernetes.lint.rule import Rule

_FAMILIES = (schedules.FAMILY,)

RULES: dict[str, Rule] = {rule.id: rule for family in _FAMILIES for rule in family.rules}
"""By id, in the order of families and of their files."""
