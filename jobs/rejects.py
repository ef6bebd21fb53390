"""The limit on rejected input: a run that exceeds it exits 1, with its tables committed."""

from collections import Counter

import pyarrow.compute as pc

from jobs.stages.context import StageContext


def over_limit(run: StageContext) -> bool:
    """Whether the share of rejected records is over `ingest.reject_limit`; reports the commonest reasons if so."""
    limit = run.config.ingest.reject_limit
    done = run.lake.read_here("inputs", ["rows_read", "rejects"])
    read, rejected = (pc.sum(done[name]).as_py() or 0 for name in ("rows_read", "rejects"))
    if not read or rejected <= limit * read:
        return False
    found = Counter(run.lake.read_here("rejects", ["reason"])["reason"].to_pylist())
    commonest = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:5]
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in commonest)
    run.reporter.event(
        "reject_limit_passed",
        f"tokenlake: {rejected:,} of {read:,} records were rejected, over ingest.reject_limit = {limit:g} "
        f"({reasons}). The tables are committed. Look at {run.lake.path('rejects')}, "
        "then repair or exclude the input, or raise the limit.",
        rejects=rejected,
        read=read,
        limit=limit,
        reasons=dict(commonest),
    )
    return True
