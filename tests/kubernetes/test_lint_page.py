"""docs/how-to/kubernetes-lint.md lists the rules as they are."""

from pathlib import Path

from jobs.kubernetes.lint.documentation import PAGE, with_rules
from jobs.kubernetes.lint.registry import RULES

TEXT = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")


def test_the_page_has_every_rule_with_its_words():
    assert all(f"| `{name}` | {rule.meaning} |" in TEXT for name, rule in RULES.items())
    assert with_rules(TEXT) == TEXT, "run `python -m jobs.kubernetes.lint.documentation`"
