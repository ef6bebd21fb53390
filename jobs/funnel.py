"""The funnel as text: records read, each loss, documents kept, tokens, sequences."""

from collections.abc import Iterator

from jobs.counts import Counts
from jobs.report.data import ReportData
from jobs.report.page import steps

BAR = 30  # characters of the longest bar


def lines(data: ReportData) -> Iterator[str]:
    """A line for each step of the report's funnel, then tokens and sequences."""
    whole = max(data.total.read, 1)
    for step in steps(data):
        left, length = round(BAR * step.before / whole), max(round(BAR * step.documents / whole), 1)
        bar = "█" * length if step.kind == "kept" else " " * min(left, BAR - 1) + "░" * length
        label = step.label.partition(":")[0] if step.kind == "rejected" else step.label
        yield f"  {label if step.kind == 'kept' else '  ' + label:<32}{step.documents:>12,}  {bar}"
    if data.total.tokens:
        yield f"  {'tokens':<32}{data.total.tokens:>12,}  in {data.total.tokenized:,} documents"
    for split in data.sequences:
        name = f"{split.table}, {split.split}"
        if split.has_fixed_width:
            fill = split.tokens / (split.sequences * split.length) if split.sequences else 0.0
            said = f"of {split.length:,} tokens, {fill:.1%} full"
        else:
            mean = split.tokens / split.sequences if split.sequences else 0.0
            said = f"of {mean:,.1f} tokens, {split.length:,} at most, without padding"
        yield f"  {name:<32}{split.sequences:>12,}  {said}"


def brief(counts: Counts) -> Iterator[str]:
    """A line for each table that the counts of a lake describe, without the rules that dropped documents."""
    for label, table, key in (
        ("documents", "documents", "rows"),
        ("  rejected", "rejects", "rows"),
        ("  dropped by the rules", "decisions", "dropped"),
        ("  duplicates", "duplicates", "dropped"),
        ("    of them in another lake", "duplicates", "held"),
        ("  dropped for their passages", "passage_decisions", "dropped"),
        ("kept", "clean_documents", "rows"),
        ("tokens", "tokens", "tokens"),
    ):
        if key in counts.get(table, ()) and (key != "held" or counts[table][key]):
            yield f"  {label:<32}{counts[table][key]:>12,}"
    for table in sorted(name for name in counts if name.startswith("sequences_")):
        yield f"  {table:<32}{counts[table]['rows']:>12,}"
