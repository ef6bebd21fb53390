"""What `tokenlake explain` says of the tokens of a sentence pair, and of the rows that hold it."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import functions as F
from rich.console import Console

from lake.contract import objective_of
from lake.lake import Lake
from pipelines.sequences.translation.spark import REVERSED
from pipelines.tables import PACKED, PAIR_TOKENS


def trace_rows(lake: Lake, pair_id: str) -> dict[str, Any]:
    """`pair_tokens` without ids, and for each table for training translation its limit, and the rows of the pair."""
    if not lake.exists(PAIR_TOKENS.name):
        return {}
    found = lake.read(PAIR_TOKENS.name).where(F.col("pair_id") == pair_id).drop("source_ids", "target_ids").head()
    if found is None:
        return {PAIR_TOKENS.name: None}
    tables = [name for name in lake.tables() if name.startswith(PACKED) and objective_of(lake, name) == "translation"]
    return {PAIR_TOKENS.name: found.asDict(), "sequences": {name: _in(lake, name, pair_id) for name in sorted(tables)}}


def _in(lake: Lake, table: str, pair_id: str) -> dict[str, Any]:
    named = ("sequence_id", "split", "position", "n_tokens", "source_language", "target_language")
    rows = lake.read(table).where(F.expr("get(doc_ids, 0)") == pair_id)
    chosen = rows.select(*named, F.expr(REVERSED).alias("reversed")).orderBy("reversed").collect()
    return {
        "length": int(lake.properties(table)["tokenlake.length"]) // 2,
        "rows": [row.asDict() for row in chosen],
    }


def print_rows(console: Console, trace: Mapping[str, Any]) -> None:
    """Prints `trace_rows` for people."""
    tokens = trace.get(PAIR_TOKENS.name)
    if not tokens:
        return
    console.print(f"\n[bold]tokens[/bold] {tokens['n_source']:,} source, {tokens['n_target']:,} target")
    for table, found in trace["sequences"].items():
        for row in found["rows"]:
            direction = f"{row['source_language']} to {row['target_language']}"
            console.print(f"  {table}: {row['split']}, position {row['position']:,}, {direction}", markup=False)
        if not found["rows"]:
            console.print(f"  {table}: in no row: {_why(tokens, found['length'])}", markup=False)


def _why(tokens: Mapping[str, Any], length: int) -> str:
    long = [side for side in ("source", "target") if tokens[f"n_{side}"] >= length]
    if not long:
        return "packed before this pair came, or not yet"
    sides = " and ".join(f"its {side}" for side in long)
    return f"{sides}, with the separator, is over the {length:,} tokens that a side may have (translation.length)"
