"""Tables of token ids: rows fit the properties, and every token of a document is in one row, in one split."""

from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.checks.finding import Finding, none_of
from pipelines.sequences.masked.spark import violations as masked_violations
from pipelines.sequences.spark import violations
from pipelines.sequences.translation.spark import leaks
from pipelines.sequences.translation.spark import violations as translation_violations
from pipelines.tables import SequenceFormat


def token_ids(tokens: DataFrame) -> Finding:
    """All ids are of one tokenizer, and of 2 or of 4 bytes throughout."""
    width = F.when(F.col("n_tokens") > 0, F.octet_length("ids") / F.col("n_tokens"))
    row = tokens.agg(
        F.sort_array(F.collect_set("tokenizer")).alias("tokenizers"),
        F.sort_array(F.collect_set(width)).alias("widths"),
    ).head()
    assert row is not None
    tokenizers, widths = row["tokenizers"], row["widths"]
    holds = len(tokenizers) <= 1 and widths in ([], [2.0], [4.0])
    found = (
        f"tokenizer {', '.join(tokenizers) or '-'}, {', '.join(f'{width:g}' for width in widths) or '-'} bytes an id"
    )
    return Finding("tokens: one tokenizer and one width of ids", holds, found)


def packed(table: str, rows: DataFrame, described: SequenceFormat, tokens: DataFrame) -> Iterator[Finding]:
    """Rows of `sequences_<name>`, and the tokens they were packed from."""
    yield from _rows(table, rows, described)
    foreign = tokens.where(F.col("tokenizer") != described.tokenizer).agg(F.count("*").alias("n")).head()
    assert foreign is not None
    yield none_of(f"{table}: documents of another tokenizer than {described.tokenizer}", foreign["n"])
    broken = violations(tokens, rows)
    yield Finding(f"{table}: every token is in one row", not broken, "; ".join(broken) or "all")
    yield _splits(table, rows, tokens)


def masked(table: str, rows: DataFrame, described: SequenceFormat, documents: DataFrame) -> Iterator[Finding]:
    """Rows of `sequences_<name>` of the objective masked, and the clean documents whose sentences they hold."""
    findings = list(_rows(table, rows, described))
    yield from findings
    if not all(each.holds for each in findings):
        return  # rows of another size cannot be read as rows
    broken = masked_violations(documents, rows, described)
    name = f"{table}: each sentence is in one row as its document's own, and random segments are of other documents"
    yield Finding(name, not broken, "; ".join(broken) or "all")
    yield _splits(table, rows, documents)


def translation(
    table: str, rows: DataFrame, described: SequenceFormat, pairs: DataFrame, measures: DataFrame | None
) -> Iterator[Finding]:
    """Rows of `sequences_<name>` of the objective translation, and the encoded pairs that they were made of.

    Args:
        table: its name.
        rows: of the table.
        described: its format.
        pairs: rows of `pair_tokens`.
        measures: rows of `pair_measures`, if the lake has them.
    """
    yield from _rows(table, rows, described)
    broken = translation_violations(pairs, rows, described.length // 2)
    yield Finding(
        f"{table}: each pair whose sides fit is in one row a direction, uncut", not broken, "; ".join(broken) or "all"
    )
    if measures is not None:
        yield none_of(f"{table}: source sentences in both splits", *leaks(rows, measures))


def _rows(table: str, rows: DataFrame, described: SequenceFormat) -> Iterator[Finding]:
    """What is wrong with single rows, all in one query."""
    item = described.id_bits // 8
    size = described.length * item if described.has_fixed_width else F.col("n_tokens") * item
    wanted = f"{size:,} bytes" if described.has_fixed_width else f"{item} bytes for each of n_tokens"
    wrong = {
        f"ids that are not {wanted}": F.octet_length("ids") != size,
        "doc_lengths that do not add up to n_tokens": F.expr(
            "aggregate(doc_lengths, 0L, (total, n) -> total + n) != n_tokens"
        ),
        f"n_tokens outside 1 to {described.length:,}": ~F.col("n_tokens").between(1, described.length),
        "lists of pieces that differ in length": (F.size("doc_ids") != F.size("doc_lengths"))
        | (F.size("doc_offsets") != F.size("doc_lengths")),
    }
    counts = [F.count_if(condition).alias(str(number)) for number, condition in enumerate(wrong.values())]
    examples = [
        F.min(F.when(condition, F.col("sequence_id"))).alias(f"example {number}")
        for number, condition in enumerate(wrong.values())
    ]
    row = rows.agg(*counts, *examples).head()
    assert row is not None
    for number, fault in enumerate(wrong):
        yield none_of(f"{table}: {fault}", row[str(number)], row[f"example {number}"])


def _splits(table: str, rows: DataFrame, tokens: DataFrame) -> Finding:
    """Near duplicates are on one side."""
    held = rows.select("split", F.explode("doc_ids").alias("doc_id")).distinct()
    groups = held.join(tokens.select("doc_id", "split_group_id"), on="doc_id", how="inner")
    both = groups.groupBy("split_group_id").agg(F.count_distinct("split").alias("splits")).where("splits > 1")
    row = both.agg(F.count("*").alias("groups"), F.min("split_group_id").alias("example")).head()
    assert row is not None
    return none_of(f"{table}: groups of near duplicates in both splits", row["groups"], row["example"])
