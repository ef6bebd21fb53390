"""The part of `tokenlake explain` about what a document has in common with benchmarks."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from jobs.stages.contamination import in_force
from lake.lake import Lake
from pipelines.policies.policy import DECONTAMINATION, Policy
from pipelines.tables import CONTAMINATION

_SHOWN = 12  # overlaps of a document
_CHARACTERS = 160  # of an overlap


def compared(lake: Lake) -> bool:
    """Whether the lake's decisions were made with table `contamination`."""
    return in_force(lake)


def with_overlaps(measures: Mapping[str, Any], contamination: Mapping[str, Any] | None) -> dict[str, Any]:
    """A document's measures with those that the rules on overlaps look at, as `pipelines.contamination.spark`."""
    found = contamination or {}
    return {**measures, **{name: found.get(name) for name in ("contamination", "c4_contamination")}}


def overlaps(trace: Mapping[str, Any], policy: Policy) -> list[dict[str, Any]]:
    """The overlaps of the text that the policy chooses, each with the document's own words."""
    found = trace.get(CONTAMINATION.name)
    if not found:
        return []
    measures = trace["measures"]
    after_c4 = "c4_lines" in policy.rewrite and measures["c4_text"] is not None
    text = measures["c4_text" if after_c4 else "text"]
    listed = found["c4_overlaps" if after_c4 else "overlaps"]
    return [{**each, "text": text[each["start"] : each["end"]]} for each in listed]


def print_overlaps(console: Console, trace: Mapping[str, Any]) -> None:
    """Benchmark, item and words of each overlap; nothing where texts are compared with nothing."""
    if CONTAMINATION.name not in trace or "overlaps" not in trace:
        return
    found, clean = trace["overlaps"], trace.get("clean_documents")
    removed = ((clean or {}).get("rewritten") or {}).get(DECONTAMINATION)
    after = "" if removed is None else f"; {removed:,} characters removed"
    console.print(f"\n[bold]benchmarks[/bold] {len(found) or 'no'} overlap{'' if len(found) == 1 else 's'}{after}")
    for each in found[:_SHOWN]:
        words = each["text"] if len(each["text"]) <= _CHARACTERS else f"{each['text'][:_CHARACTERS]}…"
        place = f"{each['start']:,}–{each['end']:,}"
        console.print(f"  {each['benchmark']} item {each['item']:,}  {place}  {words!r}", markup=False)
    if len(found) > _SHOWN:
        console.print(f"  and {len(found) - _SHOWN:,} more; `contamination` holds all of them")
