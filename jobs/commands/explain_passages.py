"""The part of `tokenlake explain` about passages that a document shares with others."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

_SHOWN = 8  # passages of a document


def print_passages(console: Console, trace: Mapping[str, Any]) -> None:
    """What repeats, what of it goes, and whether the rest is kept; nothing where passages are not measured."""
    measured, decision = trace.get("passages"), trace.get("passage_decisions")
    if not measured:
        return
    verdict = "" if decision is None else _verdict(decision)
    console.print(f"\n[bold]passages[/bold] shared with others: {_covered(measured)}{verdict}")
    removed = [(span["kind"], span["start"], span["end"]) for span in (decision or {}).get("spans", ())]
    repeats = measured["repeats"]
    for each in repeats[:_SHOWN]:
        goes = any(
            kind == each["kind"] and start <= each["start"] and each["end"] <= end for kind, start, end in removed
        )
        holders = f"{each['documents']:,} pages of {measured['site_pages']:,} of {measured['site']}"
        if each["kind"] != "boilerplate":
            first = "this document" if each["first"] == trace["document"]["doc_id"] else each["first"][:12]
            holders = f"in {each['documents']:,} documents, first in {first}"
        place = f"{each['start']:,}–{each['end']:,}"
        console.print(f"  {'removed' if goes else 'stays':<8} {each['kind']:<12} {place:<16} {holders}", markup=False)
    if len(repeats) > _SHOWN:
        console.print(f"  and {len(repeats) - _SHOWN:,} more; `passages` holds all of them")


def _covered(measured: Mapping[str, Any]) -> str:
    found = [f"{characters:,} characters in {kind}" for kind, characters in (measured["covered"] or {}).items()]
    return ", ".join(found) or "none"


def _verdict(decision: Mapping[str, Any]) -> str:
    if not decision["kept"]:
        return f"; dropped by {', '.join(decision['reasons'])} under {decision['policy']}"
    spans = len(decision["spans"])
    return f"; {spans:,} spans removed under {decision['policy']}" if spans else ""
