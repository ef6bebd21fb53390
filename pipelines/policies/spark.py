"""The Spark edge of the policies: native column expressions, no Python over rows."""

from collections import defaultdict
from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from pipelines.errors import MisuseError
from pipelines.policies.policy import Policy
from pipelines.policies.rules import CLASSIFIERS, Comparison, Rule, Threshold

_OPTIONAL = {"url_listed": "boolean", "http_status": "long", CLASSIFIERS: "map<string,double>"}


class UnmeasuredError(MisuseError, ValueError):
    """A policy has thresholds for classifiers that measured none of the documents."""


def decide(measures: DataFrame, policy: Policy, run_id: str) -> DataFrame:
    """measures -> decisions: every failed rule in policy order, kept where none failed.

    Args:
        measures: rows of table `measures`; with a boolean column `url_listed` when the policy uses URL lists
            (`pipelines.text.spark.with_url_lists`); without the column no URL counts as listed. With the columns
            `contamination` and `c4_contamination` when texts are compared with benchmarks; without them no rule on
            overlaps fails. Measures of a lake from before `http_status` was one fail no rule on it, and so it is with
            `classifiers`.
        policy: the thresholds.
        run_id: goes into every row.
    """
    absent = {name: F.lit(None).cast(kind) for name, kind in _OPTIONAL.items() if name not in measures.columns}
    source = measures.withColumns(absent) if absent else measures
    compared = "contamination" in measures.columns
    rules = [rule for rule in policy.active() if compared or not rule.measure.startswith("contamination.")]
    failed = [F.when(failure(rule, policy), F.lit(rule.reason)) for rule in rules]
    reasons = F.array_compact(F.array(*failed)) if failed else F.array().cast("array<string>")
    return source.select(
        "doc_id",
        F.lit(policy.label).alias("policy"),
        reasons.alias("reasons"),
        F.lit(run_id).alias("run_id"),
    ).select("doc_id", "policy", (F.size("reasons") == 0).alias("kept"), "reasons", "run_id")


def failure(rule: Rule, policy: Policy) -> Column:
    """True where a document fails the rule, false elsewhere (never null), as `pipelines.policies.decide.evaluate`."""
    base = (policy.threshold(rule), policy.spares_zero(rule))
    codes_by_setting: dict[tuple[Threshold, bool], list[str]] = defaultdict(list)
    for code in policy.languages:
        setting = (policy.threshold(rule, code), policy.spares_zero(rule, code))
        if setting != base:
            codes_by_setting[setting].append(code)
    measured = _measure(rule, policy)
    expression = _compare(rule.comparison, measured, *base)
    for setting, codes in codes_by_setting.items():
        expression = F.when(F.col("language").isin(codes), _compare(rule.comparison, measured, *setting)).otherwise(
            expression
        )
    return expression


def _measure(rule: Rule, policy: Policy) -> Column:
    path = policy.measure(rule)
    if path == rule.measure:
        return _as_read(rule)
    return F.when(F.col(path.partition(".")[0]).isNull(), _as_read(rule)).otherwise(F.col(path))


def _as_read(rule: Rule) -> Column:
    """The measure of the text as read; null where its struct is null, whose fields Sail would read all the same."""
    if rule.measure.startswith("contamination."):  # most documents have none
        return F.when(F.col("contamination").isNotNull(), F.col(rule.measure))
    return value(rule.measure)


def value(path: str) -> Column:
    """The measure at a path of table `measures`, such as `size.words`, or `classifiers.edu` in the map of scores."""
    rule_set, _, name = path.partition(".")
    return F.col(CLASSIFIERS)[name] if rule_set == CLASSIFIERS else F.col(path)


def scored(measures: DataFrame) -> tuple[str, ...] | None:
    """Names of the classifiers whose scores table `measures` has; None when it has no row.

    All rows are measured with the same classifiers: another set of them measures every document again.
    """
    if CLASSIFIERS not in measures.columns:
        return ()
    row = measures.select(F.map_keys(CLASSIFIERS)).head()
    return None if row is None else tuple(row[0] or ())


def require_classifiers(measures: DataFrame, policy: Policy) -> None:
    """Requires scores of every classifier that a policy judges.

    Raises:
        UnmeasuredError: `measures` has none of one; the message names both.
    """
    known = scored(measures) if policy.classifiers else None
    require_named(policy, policy.classifiers if known is None else known)


def require_named(policy: Policy, known: Collection[str]) -> None:
    """Requires that every classifier that a policy judges is among some.

    Raises:
        UnmeasuredError: one is not; the message names the policy and the classifier.
    """
    absent = [name for name in policy.classifiers if name not in known]
    if absent:
        raise UnmeasuredError(
            f"policy {policy.name} has thresholds for {', '.join(absent)}, which did not measure the documents "
            f"(measured: {', '.join(known) or 'none'}): name it under clean.measure.classifiers and run stage clean, "
            "or leave its thresholds out"
        )


def _compare(comparison: Comparison, value: Column, threshold: Threshold, spares_zero: bool) -> Column:
    if threshold is None:
        return F.lit(False)
    match comparison:
        case Comparison.NOT_IN:
            return ~F.coalesce(value.isin(list(_names(threshold))), F.lit(False))
        case Comparison.IS_TRUE:
            failed = value.cast("boolean")
        case Comparison.IS_ZERO:
            failed = value == 0
        case Comparison.BELOW:
            failed = value < F.lit(_number(threshold))
        case Comparison.ABOVE:
            failed = value > F.lit(_number(threshold))
        case Comparison.AT_MOST:
            failed = value <= F.lit(_number(threshold))
    if spares_zero:
        failed = failed & (value != 0)
    return F.coalesce(failed, F.lit(False))


def _names(threshold: Threshold) -> tuple[str, ...]:
    assert isinstance(threshold, tuple)
    return threshold


def _number(threshold: Threshold) -> float:
    # float: Spark compares a long with a double as doubles, and so does Python below 2**53
    assert isinstance(threshold, int | float)
    return float(threshold)


CHANGES = T.StructType(
    [
        T.StructField("change", T.StringType()),  # dropped: kept before, not now; restored: the other way
        T.StructField("language", T.StringType()),
        T.StructField("reason", T.StringType()),
        T.StructField("documents", T.LongType()),  # with this reason among theirs
        T.StructField("first", T.LongType()),  # with this reason as their first: sums to the documents that change
    ]
)


def changes(old: DataFrame, new: DataFrame, languages: DataFrame) -> DataFrame:
    """The difference between decisions under two policies -> `CHANGES`.

    Args:
        old: the current decisions.
        new: decisions under the other policy, for the same documents.
        languages: `doc_id`, `language` (table `measures` or `documents`).

    Returns:
        A row per change, language and reason: the new reasons of documents that are dropped, the old reasons of
        those that are restored. A document with several reasons counts under each in `documents`, once in `first`.
    """
    before = old.select("doc_id", F.col("kept").alias("was_kept"), F.col("reasons").alias("old_reasons"))
    after = new.select("doc_id", "kept", "reasons")
    changed = before.join(after, on="doc_id", how="inner").where(F.col("was_kept") != F.col("kept"))
    exploded = (
        changed.join(languages.select("doc_id", "language"), on="doc_id", how="left")
        .withColumn("change", F.when(F.col("was_kept"), F.lit("dropped")).otherwise(F.lit("restored")))
        .withColumn("why", F.when(F.col("was_kept"), F.col("reasons")).otherwise(F.col("old_reasons")))
        .select("change", "language", F.posexplode("why").alias("rank", "reason"))
    )
    counted = exploded.groupBy("change", "language", "reason").agg(
        F.count("*").alias("documents"), F.count_if(F.col("rank") == 0).alias("first")
    )
    return counted.select([F.col(field.name).cast(field.dataType) for field in CHANGES.fields])
