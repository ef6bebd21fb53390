"""`tokenlake explain`: traces a document, or a sentence pair, from its input file to the sequences that hold it."""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from jobs.cli import UsageError
from jobs.commands.explain_overlaps import compared, overlaps, print_overlaps, with_overlaps
from jobs.commands.explain_pairs import print_pair, trace_pair
from jobs.commands.explain_passages import print_passages
from jobs.commands.lake_session import opened
from jobs.progress import Reporter
from jobs.stages.policy_file import policy_of
from lake.lake import Lake
from pipelines.policies.policy import Policy
from pipelines.policies.rules import CLASSIFIERS
from pipelines.tables import RETRACTIONS

_MEMBERS_SHOWN = 12  # of a cluster


def explain(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the trace of one document or pair, named by its doc_id or pair_id, or a unique prefix of it."""
    with opened(arguments.lake, arguments.engine, reporter) as (lake, _):
        trace = trace_pair(lake, arguments.doc_id) or trace_document(lake, arguments.doc_id)
    if arguments.json:
        print(json.dumps(trace, indent=2, default=str, ensure_ascii=False))
    elif "pair" in trace:
        print_pair(trace)
    else:
        _print(trace)
    return 0


def trace_document(lake: Lake, doc_id: str) -> dict[str, Any]:
    """The rows of every table about one document; tables that do not exist yet are absent.

    Raises:
        UsageError: no doc_id, or more than one, begins with `doc_id`.
    """
    document = _document(lake, doc_id)
    trace: dict[str, Any] = {"document": document}
    present = set(lake.tables())
    for table in (
        "measures",
        "decisions",
        "duplicates",
        "passages",
        "passage_decisions",
        "clean_documents",
        "tokens",
    ):
        if table in present:
            trace[table] = _row(lake, table, document["doc_id"])
    if compared(lake):
        trace["contamination"] = _row(lake, "contamination", document["doc_id"])
    if trace.get("measures") and trace.get("decisions"):
        policy = policy_of(lake, str(trace["decisions"]["policy"]))
        trace["rules"] = _rules(with_overlaps(trace["measures"], trace.get("contamination")), policy)
        trace["overlaps"] = overlaps(trace, policy)
        trace["rewriting"] = _rewriting(trace["measures"], trace.get("clean_documents"), policy)
    if trace.get("passages"):
        del trace["passages"]["held"], trace["passages"]["sentences"]  # long lists that explain nothing
    if trace.get("duplicates") and trace["duplicates"]["reference"] is None:
        trace["cluster"] = _cluster(lake, trace["duplicates"])
    trace["semantics"] = _semantics(lake, trace)
    trace["sequences"] = {
        name: _sequences(lake, name, document["doc_id"]) for name in sorted(present) if name.startswith("sequences_")
    }
    return trace


def _semantics(lake: Lake, trace: Mapping[str, Any]) -> dict[str, str]:
    """table -> the version of its step that made the document's row, where `runs` tells."""
    if not lake.exists("runs"):
        return {}
    rows = lake.read_here("runs", ["run_id", "detail"]).to_pylist(maps_as_pydicts="strict")
    made_by = {row["run_id"]: row["detail"]["semantics"] for row in rows if "semantics" in (row["detail"] or {})}
    runs = {table: row["run_id"] for table, row in trace.items() if isinstance(row, dict) and "run_id" in row}
    # A commit that adds to older rows names several versions; its own rows are of the newest.
    return {table: made_by[run].rpartition(",")[2] for table, run in runs.items() if run in made_by}


def _document(lake: Lake, doc_id: str) -> dict[str, Any]:
    documents = lake.read("documents").where(F.col("doc_id").startswith(doc_id))
    ids = [row.doc_id for row in documents.select("doc_id").orderBy("doc_id").limit(4).collect()]
    if not ids:
        _require_not_retracted(lake, doc_id)
        raise UsageError(f"{lake.root}: no doc_id begins with {doc_id!r}; the table `documents` holds them")
    if len(ids) > 1:
        some = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
        raise UsageError(f"{lake.root}: more than one doc_id begins with {doc_id!r}: {some}")
    row = documents.head()
    assert row is not None
    values = row.asDict(recursive=True)
    values["ingested_at"] = values["ingested_at"].astimezone(UTC)  # Spark returns naive local time
    return values


def _require_not_retracted(lake: Lake, doc_id: str) -> None:
    if not lake.exists(RETRACTIONS.name):
        return
    for row in lake.read_here(RETRACTIONS.name, ["doc_id", "requested_at", "selector"]).to_pylist():
        if row["doc_id"].startswith(doc_id):
            at = f"{row['requested_at']:%Y-%m-%d %H:%M} UTC"
            raise UsageError(f"{lake.root}: {row['doc_id']} was retracted on {at} ({row['selector']})")


def _row(lake: Lake, table: str, doc_id: str) -> dict[str, Any] | None:
    row = lake.read(table).where(F.col("doc_id") == doc_id).head()
    if row is None:
        return None
    values = row.asDict(recursive=True)
    values.pop("ids", None)  # bytes; `n_tokens` says how many ids they hold
    return values


def _rules(measures: Mapping[str, Any], policy: Policy) -> list[dict[str, Any]]:
    from pipelines.policies.decide import evaluate

    return [
        {
            "rule": verdict.reason,
            "measure": policy.measure(verdict.rule),
            "value": verdict.value,
            "fails_when": verdict.comparison,
            "threshold": verdict.threshold,
            "failed": verdict.failed,
        }
        for verdict in evaluate(measures, policy)
    ]


def _rewriting(measures: Mapping[str, Any], clean: Mapping[str, Any] | None, policy: Policy) -> dict[str, int] | None:
    """Pass that changed the text -> characters it removed; None in rows of an earlier version, which do not tell.

    Of a text that is not delivered, what C4's lines would remove.
    """
    if clean is not None:
        return clean["rewritten"]
    if measures["c4_size"] is None:
        return None
    if "c4_lines" not in policy.rewrite or measures["c4_text"] is None:
        return {}
    return {"c4_lines": measures["size"]["characters"] - measures["c4_size"]["characters"]}


def _cluster(lake: Lake, duplicate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The survivor, the document itself, then others: 50 at most."""
    order = [F.desc("kept"), F.desc(F.col("doc_id") == duplicate["doc_id"]), F.asc("doc_id")]
    its_own = (F.col("cluster_id") == duplicate["cluster_id"]) & F.col("reference").isNull()
    members = lake.read("duplicates").where(its_own).orderBy(*order)
    chosen = members.select("doc_id", "kept", "method", "similarity").limit(50)
    uris = lake.read("documents").select("doc_id", "uri")
    return [row.asDict() for row in chosen.join(uris, on="doc_id", how="left").orderBy(*order).collect()]


def _sequences(lake: Lake, table: str, doc_id: str) -> list[dict[str, Any]]:
    rows = lake.read(table).where(F.array_contains("doc_ids", doc_id))
    return [
        row.asDict()
        for row in rows.select("sequence_id", "split", "position", "n_tokens").orderBy("split", "position").collect()
    ]


def _print(trace: Mapping[str, Any]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    document = trace["document"]
    console.print(f"[bold]{document['doc_id']}[/bold]")
    for key in ("source", "uri", "position", "language", "language_score", "run_id", "ingested_at"):
        console.print(f"  {key:<15} {_shown(document[key])}", markup=False)
    for key, value in sorted((document["meta"] or {}).items()):
        console.print(f"  meta.{key:<10} {value}", markup=False)
    if trace["semantics"]:
        versions = ", ".join(f"{table} {version}" for table, version in trace["semantics"].items())
        console.print(f"  {'step versions':<15} {versions}", markup=False)
    text = document["text"]
    console.print(f"  {'text':<15} {len(text):,} characters: {text[:200]!r}", markup=False)
    _print_rules(console, trace)
    _print_cluster(console, trace)
    print_overlaps(console, trace)
    print_passages(console, trace)
    _print_end(console, trace)


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
    """The condition under which a rule fails: `> 0.3`, `is zero`, or `off`."""
    if rule["threshold"] is None:
        return "off"
    if isinstance(rule["threshold"], bool):  # the rule is on, and compares with nothing else
        return str(rule["fails_when"])
    return f"{rule['fails_when']} {_shown(rule['threshold'])}"


def _print_rules(console: Console, trace: Mapping[str, Any]) -> None:
    if not trace.get("rules"):
        return
    decision = trace["decisions"]
    verdict = "kept" if decision["kept"] else f"dropped, first by {decision['reasons'][0]}"
    console.print(f"\n[bold]rules[/bold] of {decision['policy']}: {verdict}")
    grid = Grid("", "rule", "value", "fails when", box=None, header_style="bold")
    for rule in trace["rules"]:
        style = "bold red" if rule["failed"] else None
        grid.add_row("✗" if rule["failed"] else "·", rule["rule"], _shown(rule["value"]), _limit(rule), style=style)
    console.print(grid)
    _print_scores(console, trace)
    _print_rewriting(console, trace)


def _print_scores(console: Console, trace: Mapping[str, Any]) -> None:
    """The scores of quality classifiers that no rule of the policy looks at."""
    judged = {rule["measure"] for rule in trace["rules"]}
    scores = trace["measures"].get(CLASSIFIERS) or {}
    others = [f"{name} {_shown(score)}" for name, score in scores.items() if f"{CLASSIFIERS}.{name}" not in judged]
    if others:
        console.print(f"  scores that no rule looks at: {', '.join(others)}", markup=False)


def _print_rewriting(console: Console, trace: Mapping[str, Any]) -> None:
    if trace["rewriting"] is None:
        return
    changes = [
        f"{name} {'removed' if removed >= 0 else 'added'} {abs(removed):,} characters"
        for name, removed in trace["rewriting"].items()
    ]
    console.print(f"  rewriting: {', '.join(changes) or 'none'} of {len(trace['document']['text']):,} characters")


def _print_cluster(console: Console, trace: Mapping[str, Any]) -> None:
    row = trace.get("duplicates")
    if row and row["reference"]:
        similarity = "" if row["similarity"] is None else f", Jaccard similarity {row['similarity']:.3f}"
        console.print(f"\n[bold]duplicates[/bold] dropped ({row['method']}): another lake holds it")
        console.print(f"  {row['reference']} has document {row['cluster_id']}{similarity}", markup=False)
        return
    if not trace.get("cluster"):
        decision = trace.get("decisions")
        compared = "none" if decision is None or decision["kept"] else "not compared: the rules dropped it"
        console.print(f"\n[bold]duplicates[/bold] {compared}")
        return
    assert row is not None
    doc_id = trace["document"]["doc_id"]
    verdict = "kept, as the survivor" if row["kept"] else f"dropped ({row['method']})"
    console.print(f"\n[bold]duplicates[/bold] one of {row['cluster_size']:,}: {verdict}")
    for member in trace["cluster"][:_MEMBERS_SHOWN]:
        similarity = "" if member["similarity"] is None else f"{member['similarity']:.3f}"
        mark = "▸" if member["doc_id"] == doc_id else " "
        how = "kept" if member["kept"] else member["method"]
        line = f"{mark} {how:<8} {similarity:>5}  {member['doc_id'][:12]}  "
        console.print(line + _fitting(str(member["uri"]), console, len(line)), markup=False)
    if row["cluster_size"] > _MEMBERS_SHOWN:
        console.print(f"  and {row['cluster_size'] - _MEMBERS_SHOWN:,} more; `duplicates` holds all of them")


def _fitting(uri: str, console: Console, taken: int) -> str:
    """The end of a URI, its most specific part, where the terminal is too narrow for all of it."""
    room = max(console.width - taken, 12)
    return uri if not console.is_terminal or len(uri) <= room else f"…{uri[1 - room :]}"


def _print_end(console: Console, trace: Mapping[str, Any]) -> None:
    clean, tokens = trace.get("clean_documents"), trace.get("tokens")
    if not clean:
        return
    replaced = ", ".join(f"{n} {kind}" for kind, n in sorted((clean["pii"] or {}).items())) or "nothing"
    console.print(
        f"\n[bold]clean document[/bold] of {len(clean['text']):,} characters; personal data replaced: {replaced}"
    )
    if tokens:
        console.print(f"  {tokens['n_tokens']:,} tokens of tokenizer {tokens['tokenizer']}")
    for table, rows in trace["sequences"].items():
        places = ", ".join(f"{row['split']} #{row['position']}" for row in rows[:8])
        more = f" and {len(rows) - 8} more" if len(rows) > 8 else ""
        console.print(f"  {table}: {places + more if rows else 'none'}")
