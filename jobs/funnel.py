"""The funnel as text: from what was read to what can be trained on."""

from collections.abc import Iterator
from itertools import groupby

from jobs.report.facts import Flow, LakeFacts

WIDTH = 30  # of the longest bar, in characters


def lines(facts: LakeFacts) -> Iterator[str]:
    """A line for each step, with a bar in proportion to the records read."""
    total = facts.total
    yield _line("read", total.read, total.read)
    if total.rejected:
        yield _line("  rejected", total.rejected, total.read, lost=True)
    for rule_set, documents in _dropped(total):
        yield _line(f"  dropped by {rule_set}", documents, total.read, lost=True)
    for method, documents in total.duplicates.items():
        yield _line(f"  duplicates, {method}", documents, total.read, lost=True)
    yield _line("kept", total.kept, total.read)
    if total.tokens:
        yield f"  {'tokens':<31}{total.tokens:>12,}  in {total.tokenized:,} documents"
    for split in facts.sequences:
        fill = split.tokens / (split.sequences * split.length) if split.sequences else 0.0
        name = f"{split.table}, {split.split}"
        yield f"  {name:<31}{split.sequences:>12,}  of {split.length:,} tokens, {fill:.1%} full"


def _dropped(total: Flow) -> Iterator[tuple[str, int]]:
    """Rule sets with the documents whose first reason is theirs, in policy order."""
    for rule_set, reasons in groupby(total.dropped, lambda reason: reason.partition(".")[0]):
        yield rule_set, sum(total.dropped[reason] for reason in reasons)


def _line(name: str, number: int, whole: int, lost: bool = False) -> str:
    bar = round(WIDTH * number / whole) if whole else 0
    return f"  {name:<31}{number:>12,}  {('░' if lost else '█') * max(bar, 1 if number else 0)}"
