"""Numbers and tables as Markdown."""

from collections.abc import Sequence


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; all columns but the first to the right."""
    rule = ["---", *(["---:"] * (len(headings) - 1))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))


def size(value: float) -> str:
    """Bytes in decimal units, three digits."""
    for unit, factor in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.0f} B"


def count(value: float) -> str:
    """A number of things, three digits."""
    for unit, factor in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
