"""What `tokenlake explain` says of a sentence pair."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from jobs.cli import UsageError
from jobs.commands.explain_rows import print_rows, trace_rows
from jobs.stages.pair_policies import pair_policy_of
from lake.lake import Lake
from pipelines.bitext.policies.policy import Thresholds
from pipelines.bitext.rules.catalogue import LANGUAGE_RULE, RULES, SIDES
from pipelines.tables import CLEAN_PAIRS, DOCUMENTS, PAIR_DECISIONS, PAIR_DUPLICATES, PAIR_MEASURES, PAIRS

_MEMBERS_SHOWN = 12  # of a cluster


def trace_pair(lake: Lake, pair_id: str) -> dict[str, Any] | None:
    """The rows of every table about one pair; None where documents may have the id.

    Raises:
        UsageError: more than one pair_id begins with `pair_id`; or none does, and the lake has no documents.
    """
    if not lake.exists(PAIRS.name):
        return None
    pairs = lake.read(PAIRS.name).where(F.col("pair_id").startswith(pair_id)).orderBy("pair_id").limit(4).collect()
    if len(pairs) > 1:
        some = ", ".join(row.pair_id for row in pairs[:3])
        raise UsageError(f"{lake.root}: more than one pair_id begins with {pair_id!r}: {some}")
    if not pairs:
        if lake.exists(DOCUMENTS.name):
            return None
        raise UsageError(f"{lake.root}: no pair_id begins with {pair_id!r}; the table `pairs` holds them")
    trace: dict[str, Any] = {"pair": pairs[0].asDict(recursive=True)}
    for table in (PAIR_MEASURES, PAIR_DECISIONS, PAIR_DUPLICATES, CLEAN_PAIRS):
        if lake.exists(table.name):
            row = lake.read(table.name).where(F.col("pair_id") == trace["pair"]["pair_id"]).head()
            trace[table.name] = row.asDict(recursive=True) if row else None
    measures, decision = trace.get(PAIR_MEASURES.name), trace.get(PAIR_DECISIONS.name)
    if measures and decision:
        trace["rules"] = _rules(lake, measures, decision)
        for name in ("source_hash", "target_hash"):
            measures[name] = measures[name].hex()
    trace |= trace_rows(lake, trace["pair"]["pair_id"])
    if duplicate := trace.get(PAIR_DUPLICATES.name):
        trace["cluster"] = _cluster(lake, duplicate["cluster_id"])
    return trace


def _rules(lake: Lake, measures: Mapping[str, Any], decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every rule of the policy that decided, with what it looked at."""
    policy = pair_policy_of(lake, decision["policy"])
    thresholds: Thresholds = (
        policy.thresholds(measures["source_language"], measures["target_language"]) if policy else {}
    )
    found = [
        {
            "rule": reason,
            "value": measures[path.partition(".")[0]][path.partition(".")[2]],
            "fails_when": rule.fails,
            "threshold": thresholds[rule.name],
            "failed": reason in decision["reasons"],
        }
        for rule in RULES.values()
        if thresholds.get(rule.name) is not None
        for reason, path in rule.fields
    ]
    least = thresholds.get(LANGUAGE_RULE)
    return found + ([_language(measures, side, least, decision) for side in SIDES] if least is not None else [])


def _language(measures: Mapping[str, Any], side: str, least: float, decision: Mapping[str, Any]) -> dict[str, Any]:
    """The rule on the identified language of a side."""
    reason, told = f"{LANGUAGE_RULE}:{side}", measures["language"]
    return {
        "rule": f"{reason} ({told[f'{side}_detected']})",
        "value": told[f"{side}_score"],
        "fails_when": "another_language_and_at_least",
        "threshold": least,
        "failed": reason in decision["reasons"],
    }


def _cluster(lake: Lake, cluster_id: str) -> list[dict[str, Any]]:
    """The members of a cluster of duplicates, the survivor first."""
    members = lake.read(PAIR_DUPLICATES.name).where(F.col("cluster_id") == cluster_id).select("pair_id", "kept")
    texts = lake.read(PAIRS.name).select("pair_id", "uri", "position", "source_text", "target_text")
    rows = members.join(texts, on="pair_id").orderBy(F.desc("kept"), "pair_id").collect()
    return [row.asDict() for row in rows]


def print_pair(trace: Mapping[str, Any]) -> None:
    """Prints a trace for people."""
    console = Console(soft_wrap=True, highlight=False)
    pair = trace["pair"]
    console.print(f"[bold]{pair['pair_id']}[/bold]")
    for key in ("source", "uri", "position", "run_id"):
        console.print(f"  {key:<15} {pair[key]}", markup=False)
    for key, value in sorted((pair["meta"] or {}).items()):
        console.print(f"  meta.{key:<10} {value}", markup=False)
    for side in ("source", "target"):
        console.print(f"  {pair[f'{side}_language']:<15} {pair[f'{side}_text'][:200]!r}", markup=False)
    if decision := trace.get(PAIR_DECISIONS.name):
        verdict = "kept" if decision["kept"] else "dropped: " + ", ".join(decision["reasons"])
        console.print(f"\n[bold]rules[/bold] of {decision['policy']}: {verdict}")
        _print_rules(console, trace.get("rules", ()))
    _print_cluster(console, trace)
    if clean := trace.get(CLEAN_PAIRS.name):
        console.print(f"\n[bold]clean pair[/bold] in group {clean['split_group_id']} of the held-out split")
    print_rows(console, trace)


def _print_rules(console: Console, rules: Any) -> None:
    grid = Grid("", "rule", "value", "fails when", box=None, header_style="bold")
    for rule in rules:
        value = "-" if rule["value"] is None else f"{rule['value']:g}"
        fails = f"{rule['fails_when'].replace('_', ' ')} {rule['threshold']:g}"
        style = "bold red" if rule["failed"] else None
        grid.add_row("✗" if rule["failed"] else "·", rule["rule"], value, fails, style=style)
    console.print(grid)


def _print_cluster(console: Console, trace: Mapping[str, Any]) -> None:
    row = trace.get(PAIR_DUPLICATES.name)
    if not row:
        console.print("\n[bold]duplicates[/bold] none")
        return
    verdict = "kept, as the survivor" if row["kept"] else "dropped"
    console.print(f"\n[bold]duplicates[/bold] by {row['by']}, one of {row['cluster_size']:,}: {verdict}")
    for member in trace["cluster"][:_MEMBERS_SHOWN]:
        mark = "▸" if member["pair_id"] == trace["pair"]["pair_id"] else " "
        texts = f"{member['source_text'][:40]!r} {member['target_text'][:40]!r}"
        console.print(f"{mark} {'kept' if member['kept'] else '':<5} {member['pair_id'][:12]}  {texts}", markup=False)
    if row["cluster_size"] > _MEMBERS_SHOWN:
        console.print(f"  and {row['cluster_size'] - _MEMBERS_SHOWN:,} more; `pair_duplicates` holds all of them")
