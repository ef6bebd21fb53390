"""Collects the figures of the report from the tables of a lake."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC
from typing import Any

from pyspark.sql import DataFrame, Row

from jobs.config import CleanConfig
from jobs.invariants import count, invariants
from jobs.report import bins, data, queries, summaries
from jobs.report.thresholds import thresholds
from jobs.stages.contamination import compared
from jobs.stages.policy_file import label_in_force, policy_in_force
from lake.contract import objective_of
from lake.lake import Lake
from pipelines.errors import MissingPathError

Counts = Mapping[str, Mapping[str, int]]

RUNS = 200
"""How many of the newest runs are shown."""


def collect(
    lake: Lake, counts: Counts | None = None, rewrite_limit: float = CleanConfig().rewrite_limit
) -> data.ReportData:
    """Runs every query once; the result does not depend on the order of rows.

    The parts of tables that do not exist yet are empty.

    Args:
        lake: may lack any table but one.
        counts: the result of `jobs.invariants.count`, if the caller has it.
        rewrite_limit: the share of a language's characters above which the report warns of rewriting.

    Raises:
        MissingPathError: the lake has no table at all.
    """
    names = lake.tables()
    if not names:
        raise MissingPathError(f"{lake.root}: no tables there; `tokenlake run CONFIG --lake {lake.root}` makes them")
    tables = {name: lake.read(name) for name in names}
    with ThreadPoolExecutor(max_workers=4) as pool:  # small queries mostly wait; the engine runs them concurrently
        ask = _Asker(pool, tables)
        counted = pool.submit(count, lake) if counts is None else _known(counts)
        happened = ask(queries.events, "documents", optional=_FATES, token_bins=bins.COUNT)
        inputs, rejects, runs = ask(queries.sources, "inputs"), ask(queries.rejects, "rejects"), ask(_runs, "runs")
        encodings = ask(queries.encodings, "documents")
        sizes, largest = ask(queries.cluster_sizes, "duplicates"), ask(queries.largest_clusters, "duplicates")
        examples = ask(queries.examples, "decisions")
        rewritten = ask(queries.rewriting, "clean_documents")
        packed = {
            name: pool.submit(_packed, lake, name, tables[name], tables.get("tokens"))
            for name in names
            if _is_packed(name)
        }
        label = label_in_force(lake)
        in_force = policy_in_force(lake)  # unknown: no thresholds rather than wrong ones
        rules = thresholds(in_force)
        against = compared(lake) if in_force else None
        overlapping = _known(())
        if in_force and against:
            overlapping = pool.submit(
                queries.overlaps, against.rows, tables["decisions"], tables.get("clean_documents"), in_force
            )
        measures = ask(_measures, "measures", rules=rules)
        chosen = sorted({row["doc_id"] for row in [*(examples.result()), *(largest.result())]})
        texts = ask(queries.excerpts, "documents", doc_ids=chosen)
        values = ask(queries.measured, "measures", doc_ids=chosen, names=sorted({rule.measure for rule in rules}))
    excerpts = {row["doc_id"]: data.Excerpt(**row.asDict()) for row in texts.result()}
    by_source, by_language = summaries.flows(happened.result(), rejects.result())
    sources = tuple(summaries.source(row) for row in inputs.result())
    splits = tuple(split for name in sorted(packed) for split in packed[name].result())
    return data.ReportData(
        lake=lake.root,
        policy=label,
        tables=tuple(_state(lake, name, counted.result().get(name, {}).get("rows")) for name in names),
        sources=sources,
        encodings=tuple(data.Encoding(**row.asDict()) for row in encodings.result()),
        by_source=by_source,
        by_language=by_language,
        rewriting=summaries.rewriting(rewritten.result()),
        rewrite_limit=rewrite_limit,
        benchmarks=summaries.benchmarks(overlapping.result(), against.benchmarks if against else ()),
        reasons=summaries.reasons(happened.result(), [rule.reason for rule in in_force.active()] if in_force else []),
        thresholds=tuple(rules),
        measures=tuple(measures.result()),
        examples=summaries.examples(examples.result(), excerpts, dict(values.result()), rules),
        rejects=tuple(summaries.reject(row) for row in rejects.result()),
        clusters=summaries.clusters(sizes.result(), largest.result(), excerpts) if "duplicates" in tables else None,
        tokens_per_document=summaries.tokens_per_document(happened.result()) if "tokens" in tables else None,
        sequences=splits,
        runs=tuple(runs.result()),
        invariants=tuple(invariants(counted.result())),
    )


_FATES = {
    "decisions": "decisions",
    "duplicates": "duplicates",
    "repeating": "passage_decisions",
    "clean": "clean_documents",
    "tokens": "tokens",
}


class _Asker:
    """Submits a query if its table exists; else returns no rows."""

    def __init__(self, pool: ThreadPoolExecutor, tables: Mapping[str, DataFrame]) -> None:
        self.pool = pool
        self.tables = tables

    def __call__(
        self, query: Callable[..., Any], table: str, optional: Mapping[str, str] | None = None, **options: Any
    ) -> "Future[Any]":
        if table not in self.tables:
            return _known(())
        others = {argument: self.tables.get(name) for argument, name in (optional or {}).items()}
        return self.pool.submit(query, self.tables[table], **others, **options)


def _is_packed(name: str) -> bool:
    return name.startswith("sequences_")


def _packed(lake: Lake, name: str, sequences: DataFrame, tokens: DataFrame | None) -> list[data.Split]:
    if objective_of(lake, name) == "translation":
        most = int(lake.properties(name)["tokenlake.length"])
        return summaries.splits(name, queries.splits(sequences, most), most, has_fixed_width=False)
    room, _ = queries.bytes_of_ids(sequences)
    size, count = queries.bytes_of_ids(tokens) if tokens is not None else (0, 0)
    length = room * count // size if size else 0
    return summaries.splits(name, queries.splits(sequences, length), length)


def _known(answer: object) -> "Future[Any]":
    """A future with a known result."""
    future: Future[Any] = Future()
    future.set_result(answer)
    return future


def _measures(table: DataFrame, rules: Sequence[data.Threshold]) -> tuple[data.Measure, ...]:
    rule_of = {rule.measure: rule for rule in reversed(rules)}  # the first rule on a measure sets its scale
    columns = queries.measure_columns(table)
    binned = [(each.name, bins.of(each.name, each.kind, rule_of.get(each.name))) for each in columns]
    return summaries.measures(queries.distributions(table, binned), binned)


def _runs(runs: DataFrame) -> tuple[data.RunRecord, ...]:
    names = list(data.RunRecord.model_fields)
    rows = runs.select(*names).orderBy(runs["finished_at"].desc(), "run_id").limit(RUNS).collect()
    return tuple(_run(row) for row in rows)


def _run(row: Row) -> data.RunRecord:
    # Spark returns times without a zone, in this machine's.
    times = {name: row[name] and row[name].astimezone(UTC) for name in ("started_at", "finished_at")}
    return data.RunRecord(**row.asDict() | times | {"inputs": row["inputs"] or {}})


def _state(lake: Lake, name: str, rows: int | None) -> data.TableState:
    commit = lake.last_own_commit(name)
    metadata = commit.metadata if commit else None
    state = data.TableState(name=name, version=lake.version(name), rows=rows)
    if metadata is None:
        return state
    return state.model_copy(
        update={
            "run_id": metadata.run_id,
            "config_hash": metadata.config_hash,
            "code_version": metadata.code_version,
            "semantics": metadata.detail.get("semantics"),
            "inputs": dict(metadata.inputs),
        }
    )
