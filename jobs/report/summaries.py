"""Pure functions from the rows of the queries to the figures of the report."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Row

from jobs.report import bins, data
from jobs.report.bins import Bins
from jobs.report.labels import REWRITERS

EXCERPT_BYTES = 300
"""How much of a reject's sample is shown."""

LANGUAGES = 6
"""How many languages have distributions of their own; the others share one."""


def flows(happened: Sequence[Row], rejects: Sequence[Row]) -> tuple[dict[str, data.Flow], dict[str, data.Flow]]:
    """Events and rejects as one flow per source and one per language."""
    by_source: dict[str, data.Flow] = defaultdict(lambda: data.Flow())
    by_language: dict[str, data.Flow] = defaultdict(lambda: data.Flow())
    for row in happened:
        flow = _flow(row)
        if flow is not None:
            by_source[row["source"]] += flow
            by_language[row["language"] or "und"] += flow
    for row in rejects:
        by_source[row["source"]] += data.Flow(rejected=row["records"])
    return dict(sorted(by_source.items())), dict(sorted(by_language.items()))


def _flow(row: Row) -> data.Flow | None:
    documents = row["documents"]
    match row["kind"]:
        case "undecided":
            return data.Flow(documents=documents, undecided=documents)
        case "dropped":
            return data.Flow(documents=documents, dropped={row["name"]: documents})
        case "duplicate":
            return data.Flow(documents=documents, duplicates={row["name"]: documents})
        case "held":
            return data.Flow(documents=documents, held={row["name"]: documents})
        case "repeating":
            return data.Flow(documents=documents, repeating={row["name"]: documents})
        case "kept":
            amounts = {name: row[name] for name in ("tokenized", "tokens", "characters")}
            return data.Flow(documents=documents, kept=documents, **amounts)
    return None


def rewriting(rows: Sequence[Row]) -> tuple[data.Rewriting, ...]:
    """One entry per language, those with most documents first."""
    ordered = sorted(rows, key=lambda row: (-row["documents"], row["language"] or "und"))
    return tuple(
        data.Rewriting(
            language=row["language"] or "und",
            documents=row["documents"],
            rewritten=row["rewritten"],
            characters=row["characters"],
            removed={name: row[name] for name in REWRITERS if row[name]},
        )
        for row in ordered
    )


def benchmarks(rows: Sequence[Row], counts: Sequence[Mapping[str, Any]]) -> tuple[data.BenchmarkOverlaps, ...]:
    """One entry per benchmark, in the order of the configuration; those without an overlap too."""
    found = {row["benchmark"]: row for row in rows}
    known = {str(each["name"]): each for each in counts} or {name: {} for name in sorted(found)}
    return tuple(
        data.BenchmarkOverlaps(
            name=name,
            items=each.get("items"),
            too_short=each.get("too_short"),
            **{key: found[name][key] if name in found else 0 for key in _OVERLAPS},
        )
        for name, each in known.items()
    )


_OVERLAPS = ("found", "documents", "dropped", "characters")


def reasons(happened: Sequence[Row], order: Sequence[str]) -> tuple[data.Reason, ...]:
    """Reasons in policy order, then those that are not in the policy."""
    first: Counter[str] = Counter()
    listed: dict[str, Counter[str]] = defaultdict(Counter)
    for row in happened:
        if row["kind"] == "dropped":
            first[row["name"]] += row["documents"]
        elif row["kind"] == "reason":
            listed[row["name"]][row["language"] or "und"] += row["documents"]
    rank = {name: number for number, name in enumerate(order)}
    names = sorted(listed, key=lambda name: (rank.get(name, len(rank)), name))
    return tuple(
        data.Reason(
            name=name,
            first=first[name],
            documents=listed[name].total(),
            by_language=dict(sorted(listed[name].items())),
        )
        for name in names
    )


def measures(rows: Sequence[Row], binned: Sequence[tuple[str, Bins]]) -> tuple[data.Measure, ...]:
    """The distributions, in the order of `binned`; small languages share a group."""
    counted: dict[int, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        counted[row["measure"]][row["language"] or "und"][row["slot"]] += row["documents"]
    documents: Counter[str] = Counter()
    for languages in counted.values():
        for language, slots in languages.items():
            documents[language] = max(documents[language], slots.total())
    groups = _language_groups(documents)
    return tuple(
        _measure(name, each, counted[number], groups, documents.total()) for number, (name, each) in enumerate(binned)
    )


def _measure(
    name: str, binned: Bins, counted: Mapping[str, Counter[int]], groups: Mapping[str, str], documents: int
) -> data.Measure:
    total: Counter[int] = Counter()
    grouped: dict[str, Counter[int]] = {group: Counter() for group in groups.values()}
    for language, slots in counted.items():
        grouped[groups[language]].update(slots)
        total.update(slots)
    return data.Measure(
        name=name,
        missing=documents - total.total(),
        all=binned.histogram(total),
        by_language={group: binned.histogram(slots) for group, slots in grouped.items()},
    )


def _language_groups(documents: Mapping[str, int]) -> dict[str, str]:
    """Language -> itself for the largest, `other` for the rest; the largest first."""
    ordered = sorted(documents, key=lambda language: (-documents[language], language))
    return {each: each if number < LANGUAGES else data.OTHER for number, each in enumerate(ordered)}


def examples(
    rows: Sequence[Row],
    excerpts: Mapping[str, data.Excerpt],
    values: Mapping[str, Mapping[str, Any]],
    rules: Sequence[data.Threshold],
) -> dict[str, tuple[data.Example, ...]]:
    rule_of = {rule.reason: rule for rule in rules}
    found: dict[str, list[data.Example]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["reason"], len(row["reasons"]), row["doc_id"])):
        if row["doc_id"] not in excerpts:
            continue  # a decision without its document; the invariants report this
        rule = rule_of.get(row["reason"])
        value = values.get(row["doc_id"], {}).get(rule.measure) if rule else None
        found[row["reason"]].append(
            data.Example(
                excerpt=excerpts[row["doc_id"]],
                value=None if value is None else float(value),
                threshold=rule,
                reasons=tuple(row["reasons"]),
            )
        )
    return {reason: tuple(each) for reason, each in found.items()}


def clusters(sizes: Sequence[Row], largest: Sequence[Row], excerpts: Mapping[str, data.Excerpt]) -> data.Clusters:
    by_size: Counter[int] = Counter()
    by_method: Counter[str] = Counter()
    for row in sizes:
        by_size[row["size"]] += row["clusters"]
        by_method[row["method"]] += row["clusters"]
    members: dict[str, list[Row]] = defaultdict(list)
    for row in largest:
        members[row["cluster_id"]].append(row)
    clusters = tuple(
        data.Cluster(
            cluster_id=cluster_id,
            size=rows[0]["cluster_size"],
            method=rows[0]["method"],
            members=tuple(
                data.Member(excerpt=excerpts[row["doc_id"]], kept=row["kept"], similarity=row["similarity"])
                for row in rows
                if row["doc_id"] in excerpts
            ),
        )
        for cluster_id, rows in members.items()
    )
    return data.Clusters(
        sizes=dict(sorted(by_size.items())), methods=dict(sorted(by_method.items())), largest=clusters
    )


def tokens_per_document(happened: Sequence[Row]) -> data.Histogram:
    slots: Counter[int] = Counter()
    for row in happened:
        if row["kind"] == "tokens":
            slots[int(row["name"])] += row["documents"]
    return bins.COUNT.histogram(slots)


def splits(table: str, rows: Sequence[Row], length: int, has_fixed_width: bool = True) -> list[data.Split]:
    made = []
    for split in sorted({row["split"] for row in rows}):
        of_split = [row for row in rows if row["split"] == split]
        made.append(
            data.Split(
                table=table,
                split=split,
                length=length,
                has_fixed_width=has_fixed_width,
                fill=bins.FILL.histogram({row["slot"]: row["sequences"] for row in of_split}),
                **{name: sum(row[name] for row in of_split) for name in ("sequences", "tokens", "pieces")},
            )
        )
    return made


def source(row: Row) -> data.Source:
    values = row.asDict()
    return data.Source(bytes=values.pop("size"), **values)


def reject(row: Row) -> data.RejectGroup:
    first = row["first"]
    return data.RejectGroup(
        source=row["source"],
        reason=row["reason"],
        records=row["records"],
        uri=first["uri"],
        position=first["position"] if first["position"] is not None else -1,
        detail=first["detail"] or "",
        sample=bytes(first["sample"] or b"")[:EXCERPT_BYTES].decode("utf-8", errors="replace"),
    )
