"""The limit on rejected input: a run that passes it has failed, but keeps what it learned."""

from pyspark.sql import functions as F

from jobs.stages.run import StageContext


def over_limit(run: StageContext) -> bool:
    """Whether the share of rejected records passes `ingest.reject_limit`; if so, tells the commonest reasons."""
    limit = run.config.ingest.reject_limit
    done = run.lake.read("inputs")
    total = done.agg(F.sum("rows_read").alias("read"), F.sum("rejects").alias("rejects")).head()
    if total is None or not total.read or total.rejects <= limit * total.read:
        return False
    rows = run.lake.read("rejects").groupBy("reason").count().orderBy(F.desc("count"), "reason").limit(5).collect()
    reasons = ", ".join(f"{row.reason} {row['count']:,}" for row in rows)
    run.reporter.event(
        "reject_limit_passed",
        f"tokenlake: {total.rejects:,} of {total.read:,} records were rejected, over ingest.reject_limit = {limit:g} "
        f"({reasons}). What was read is committed; look at {run.lake.path('rejects')}, "
        "mend or exclude the input, or raise the limit.",
        rejects=total.rejects,
        read=total.read,
        limit=limit,
        reasons={row.reason: row["count"] for row in rows},
    )
    return True
