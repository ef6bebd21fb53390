"""The table of all metrics in docs/operations/monitoring.md: `python -m jobs.metrics.documentation` writes it anew."""

from pathlib import Path

from jobs.metrics.catalogue import ALL

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations" / "monitoring.md"

_BEGIN, _END = "<!-- metrics -->\n", "<!-- end of metrics -->\n"


def table() -> str:
    """A row for each metric, as Markdown."""
    rows = [f"| `{each.name}` | {', '.join(each.labels) or '–'} | {each.about.rstrip('.')} |\n" for each in ALL]
    return "".join(["| metric | labels | |\n", "| --- | --- | --- |\n", *rows])


def page(earlier: str) -> str:
    """The page with the table of this catalogue.

    Raises:
        ValueError: the page lacks the comments around the table.
    """
    before, begin, rest = earlier.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{PAGE}: put {_BEGIN.strip()} and {_END.strip()} around the table")
    return f"{before}{begin}{table()}{end}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
