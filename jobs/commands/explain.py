"""`tokenlake explain`: a document's whole story, from its origin to the training rows it stands in."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from jobs.commands.lake_session import opened
from jobs.lake import Lake
from jobs.progress import Reporter


def explain(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the story of one document; a beginning of the doc_id is enough when it is unique."""
    with opened(arguments.lake) as lake:
        story = tell(lake, arguments.doc_id)
    if arguments.json:
        print(json.dumps(story, indent=2, default=str, ensure_ascii=False))
    else:
        _print(story)
    return 0


def tell(lake: Lake, doc_id: str) -> dict[str, Any]:
    """What every table says of a document; stages that have not run are absent.

    Raises:
        FileNotFoundError: no document, or more than one, begins with `doc_id`.
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
        story["cluster"] = _cluster(lake, story["duplicates"]["cluster_id"])
    story["sequences"] = {
        name: _sequences(lake, name, document["doc_id"]) for name in sorted(present) if name.startswith("sequences_")
    }
    return story


def _document(lake: Lake, doc_id: str) -> dict[str, Any]:
    found = (
        lake.read("documents")
        .where(f"startswith(doc_id, '{doc_id}')" if doc_id.isalnum() else "false")
        .limit(2)
        .collect()
    )
    if len(found) != 1:
        problem = "no document" if not found else "more than one document"
        raise FileNotFoundError(f"{lake.root}: {problem} with doc_id {doc_id}; `documents` holds the ids")
    return found[0].asDict(recursive=True)


def _row(lake: Lake, table: str, doc_id: str) -> dict[str, Any] | None:
    row = lake.read(table).where(f"doc_id = '{doc_id}'").head()
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


def _cluster(lake: Lake, cluster_id: str) -> list[dict[str, Any]]:
    members = (
        lake.read("duplicates")
        .where(f"cluster_id = '{cluster_id}'")
        .orderBy("kept", "doc_id", ascending=[False, True])
    )
    chosen = members.select("doc_id", "kept", "method", "similarity").limit(50)
    uris = lake.read("documents").select("doc_id", "uri")
    return [
        row.asDict()
        for row in chosen.join(uris, on="doc_id", how="left")
        .orderBy("kept", "doc_id", ascending=[False, True])
        .collect()
    ]


def _sequences(lake: Lake, table: str, doc_id: str) -> list[dict[str, Any]]:
    rows = lake.read(table).where(f"array_contains(doc_ids, '{doc_id}')")
    return [
        row.asDict()
        for row in rows.select("sequence_id", "split", "position", "n_tokens").orderBy("split", "position").collect()
    ]


def _print(story: Mapping[str, Any]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    document = story["document"]
    console.print(f"[bold]{document['doc_id']}[/bold]")
    for key in ("source", "uri", "position", "language", "language_score", "run_id", "ingested_at"):
        console.print(f"  {key:<15} {document[key]}", markup=False)
    for key, value in sorted((document["meta"] or {}).items()):
        console.print(f"  meta.{key:<10} {value}", markup=False)
    text = document["text"]
    console.print(f"  {'text':<15} {len(text):,} characters: {text[:200]!r}", markup=False)
    _print_rules(console, story)
    _print_cluster(console, story)
    _print_end(console, story)


def _print_rules(console: Console, story: Mapping[str, Any]) -> None:
    if not story.get("rules"):
        return
    decision = story["decisions"]
    console.print(
        f"\n[bold]rules[/bold] under {decision['policy']}: {'kept' if decision['kept'] else 'dropped by ' + ', '.join(decision['reasons'])}"
    )
    grid = Grid("", "rule", "value", "fails when", "threshold", box=None, header_style="bold")
    for rule in story["rules"]:
        value = rule["value"]
        shown = f"{value:.4g}" if isinstance(value, float) else ("-" if value is None else str(value))
        threshold = "off" if rule["threshold"] is None else str(rule["threshold"])
        grid.add_row("✗" if rule["failed"] else "·", rule["rule"], shown, rule["fails_when"], threshold)
    console.print(grid)
    if story["measures"].get("rewritten") is not None:
        console.print(
            f"  the line rules rewrote the text: {len(story['document']['text']):,} -> {len(story['measures']['rewritten']):,} characters"
        )


def _print_cluster(console: Console, story: Mapping[str, Any]) -> None:
    if not story.get("cluster"):
        console.print("\n[bold]duplicates[/bold] none")
        return
    row = story["duplicates"]
    console.print(
        f"\n[bold]duplicates[/bold] cluster {row['cluster_id']} of {row['cluster_size']}, {'kept' if row['kept'] else 'dropped'}"
    )
    for member in story["cluster"]:
        mark = "kept" if member["kept"] else member["method"]
        similarity = "" if member["similarity"] is None else f"{member['similarity']:.3f}"
        console.print(f"  {mark:<8} {similarity:>5}  {member['doc_id']}  {member['uri']}", markup=False)


def _print_end(console: Console, story: Mapping[str, Any]) -> None:
    clean, tokens = story.get("clean_documents"), story.get("tokens")
    if clean:
        replaced = ", ".join(f"{n} {kind}" for kind, n in sorted((clean["pii"] or {}).items())) or "nothing"
        console.print(
            f"\n[bold]goes on[/bold] with {len(clean['text']):,} characters; personal data replaced: {replaced}"
        )
    if tokens:
        console.print(f"  {tokens['n_tokens']:,} tokens of tokenizer {tokens['tokenizer']}")
    for table, rows in story["sequences"].items():
        places = ", ".join(f"{row['split']} #{row['position']}" for row in rows[:8])
        more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
        console.print(f"  {table}: {places + more if rows else 'none'}")
