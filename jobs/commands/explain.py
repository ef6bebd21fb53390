"""`tokenlake explain`: a document's whole story, from its origin to the training rows it stands in."""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from jobs.cli import UsageError
from jobs.commands.lake_session import opened
from jobs.progress import Reporter
from lake.lake import Lake

_MEMBERS_SHOWN = 12  # of a cluster


def explain(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the story of one document; a beginning of the doc_id is enough when it is unique."""
    with opened(arguments.lake, arguments.engine, reporter) as (lake, _):
        story = tell(lake, arguments.doc_id)
    if arguments.json:
        print(json.dumps(story, indent=2, default=str, ensure_ascii=False))
    else:
        _print(story)
    return 0


def tell(lake: Lake, doc_id: str) -> dict[str, Any]:
    """What every table says of a document; stages that have not run are absent.

    Raises:
        UsageError: no document, or more than one, begins with `doc_id`.
    """
    document = _document(lake, doc_id)
    story: dict[str, Any] = {"document": document}
    present = set(lake.tables())
    for table in ("measures", "decisions", "duplicates", "clean_documents", "tokens"):
        if table in present:
            story[table] = _row(lake, table, document["doc_id"])
    if story.get("measures") and story.get("decisions"):
        story["rules"] = _rules(story["measures"], str(story["decisions"]["policy"]), lake)
    if story.get("duplicates"):
        story["cluster"] = _cluster(lake, story["duplicates"])
    story["sequences"] = {
        name: _sequences(lake, name, document["doc_id"]) for name in sorted(present) if name.startswith("sequences_")
    }
    return story


def _document(lake: Lake, doc_id: str) -> dict[str, Any]:
    documents = lake.read("documents").where(F.col("doc_id").startswith(doc_id))
    ids = [row.doc_id for row in documents.select("doc_id").orderBy("doc_id").limit(4).collect()]
    if not ids:
        raise UsageError(f"{lake.root}: no doc_id begins with {doc_id!r}; the table `documents` holds them")
    if len(ids) > 1:
        some = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
        raise UsageError(f"{lake.root}: more than one doc_id begins with {doc_id!r}: {some}")
    row = documents.head()
    assert row is not None
    values = row.asDict(recursive=True)
    values["ingested_at"] = values["ingested_at"].astimezone(UTC)  # Spark hands out local time without saying so
    return values


def _row(lake: Lake, table: str, doc_id: str) -> dict[str, Any] | None:
    row = lake.read(table).where(F.col("doc_id") == doc_id).head()
    if row is None:
        return None
    values = row.asDict(recursive=True)
    values.pop("ids", None)  # the token ids are bytes; their number tells enough
    return values


def _rules(measures: Mapping[str, Any], policy_label: str, lake: Lake) -> list[dict[str, Any]]:
    from jobs.stages.policy_file import policy_of
    from pipelines.policies.decide import evaluate

    return [
        {
            "rule": verdict.reason,
            "value": verdict.value,
            "fails_when": verdict.comparison,
            "threshold": verdict.threshold,
            "failed": verdict.failed,
        }
        for verdict in evaluate(measures, policy_of(lake, policy_label))
    ]


def _cluster(lake: Lake, duplicate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The survivor, the document itself, then others: 50 at most."""
    order = [F.desc("kept"), F.desc(F.col("doc_id") == duplicate["doc_id"]), F.asc("doc_id")]
    members = lake.read("duplicates").where(F.col("cluster_id") == duplicate["cluster_id"]).orderBy(*order)
    chosen = members.select("doc_id", "kept", "method", "similarity").limit(50)
    uris = lake.read("documents").select("doc_id", "uri")
    return [row.asDict() for row in chosen.join(uris, on="doc_id", how="left").orderBy(*order).collect()]


def _sequences(lake: Lake, table: str, doc_id: str) -> list[dict[str, Any]]:
    rows = lake.read(table).where(F.array_contains("doc_ids", doc_id))
    return [
        row.asDict()
        for row in rows.select("sequence_id", "split", "position", "n_tokens").orderBy("split", "position").collect()
    ]


def _print(story: Mapping[str, Any]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    document = story["document"]
    console.print(f"[bold]{document['doc_id']}[/bold]")
    for key in ("source", "uri", "position", "language", "language_score", "run_id", "ingested_at"):
        console.print(f"  {key:<15} {_shown(document[key])}", markup=False)
    for key, value in sorted((document["meta"] or {}).items()):
        console.print(f"  meta.{key:<10} {value}", markup=False)
    text = document["text"]
    console.print(f"  {'text':<15} {len(text):,} characters: {text[:200]!r}", markup=False)
    _print_rules(console, story)
    _print_cluster(console, story)
    _print_end(console, story)


def _shown(value: object) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case int():
            return f"{value:,}"
        case tuple() | list():
            return ", ".join(map(str, value))
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)


def _limit(rule: Mapping[str, Any]) -> str:
    """What would make a rule fail: `> 0.3`, `is zero`, or `off`."""
    if rule["threshold"] is None:
        return "off"
    if isinstance(rule["threshold"], bool):  # the rule is on, and compares with nothing else
        return str(rule["fails_when"])
    return f"{rule['fails_when']} {_shown(rule['threshold'])}"


def _print_rules(console: Console, story: Mapping[str, Any]) -> None:
    if not story.get("rules"):
        return
    decision = story["decisions"]
    verdict = "kept" if decision["kept"] else f"dropped, first by {decision['reasons'][0]}"
    console.print(f"\n[bold]rules[/bold] of {decision['policy']}: {verdict}")
    grid = Grid("", "rule", "value", "fails when", box=None, header_style="bold")
    for rule in story["rules"]:
        style = "bold red" if rule["failed"] else None
        grid.add_row("✗" if rule["failed"] else "·", rule["rule"], _shown(rule["value"]), _limit(rule), style=style)
    console.print(grid)
    before, after = story["document"]["text"], story["measures"]["text"]
    if before != after:
        console.print(f"  C4's line rules rewrote the text: {len(before):,} -> {len(after):,} characters")


def _print_cluster(console: Console, story: Mapping[str, Any]) -> None:
    if not story.get("cluster"):
        decision = story.get("decisions")
        compared = "none" if decision is None or decision["kept"] else "not looked for: the rules dropped it"
        console.print(f"\n[bold]duplicates[/bold] {compared}")
        return
    row, doc_id = story["duplicates"], story["document"]["doc_id"]
    verdict = "kept, as the one that goes on" if row["kept"] else f"dropped ({row['method']})"
    console.print(f"\n[bold]duplicates[/bold] one of {row['cluster_size']:,}: {verdict}")
    for member in story["cluster"][:_MEMBERS_SHOWN]:
        similarity = "" if member["similarity"] is None else f"{member['similarity']:.3f}"
        mark = "▸" if member["doc_id"] == doc_id else " "
        how = "kept" if member["kept"] else member["method"]
        line = f"{mark} {how:<8} {similarity:>5}  {member['doc_id'][:12]}  "
        console.print(line + _fitting(str(member["uri"]), console, len(line)), markup=False)
    if row["cluster_size"] > _MEMBERS_SHOWN:
        console.print(f"  and {row['cluster_size'] - _MEMBERS_SHOWN:,} more; `duplicates` holds all of them")


def _fitting(uri: str, console: Console, taken: int) -> str:
    """The end of a URI, which tells most, where a terminal has no room for all of it."""
    room = max(console.width - taken, 12)
    return uri if not console.is_terminal or len(uri) <= room else f"…{uri[1 - room :]}"


def _print_end(console: Console, story: Mapping[str, Any]) -> None:
    clean, tokens = story.get("clean_documents"), story.get("tokens")
    if not clean:
        return
    replaced = ", ".join(f"{n} {kind}" for kind, n in sorted((clean["pii"] or {}).items())) or "nothing"
    console.print(f"\n[bold]goes on[/bold] with {len(clean['text']):,} characters; personal data replaced: {replaced}")
    if tokens:
        console.print(f"  {tokens['n_tokens']:,} tokens of tokenizer {tokens['tokenizer']}")
    for table, rows in story["sequences"].items():
        places = ", ".join(f"{row['split']} #{row['position']}" for row in rows[:8])
        more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
        console.print(f"  {table}: {places + more if rows else 'none'}")
