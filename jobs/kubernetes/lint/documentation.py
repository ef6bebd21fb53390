"""The table of rules on its page. `python -m jobs.kubernetes.lint.documentation` writes it anew."""

from pathlib import Path

from jobs.kubernetes.lint.registry import RULES

PAGE = Path("docs/how-to/kubernetes-lint.md")
"""From the root of a checkout."""

_BEGIN, _END = "<!-- rules: made by jobs/kubernetes/lint/documentation.py -->", "<!-- end of rules -->"


def with_rules(page: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_table()}{_END}{after}"


def _table() -> str:
    rows = [f"| `{rule.id}` | {_cell(rule.meaning)} | {_cell(rule.remedy)} |\n" for rule in RULES.values()]
    return "".join(["| rule | what is found | write |\n", "| --- | --- | --- |\n", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(with_rules(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
