"""The end of `tokenlake run`: checks the invariants, writes the report, prints the funnel."""

from jobs.funnel import lines
from jobs.invariants import require
from jobs.report import collect, publish, published
from jobs.stages.context import StageContext
from pipelines.words.methods import described, word_methods


def conclude(run: StageContext) -> None:
    """Reads every table once, or none when no table has changed since the last report.

    Raises:
        InvariantError: rows were lost, duplicated or invented. The report is written before this is raised.
    """
    with run.reporter.stage("report", run.engine.progress):
        data, limit = published(run.lake), run.config.clean.rewrite_limit
        if data is None:
            data = collect(run.lake, rewrite_limit=limit)
            publish(run.lake, data)
        elif data.rewrite_limit != limit:
            data = data.model_copy(update={"rewrite_limit": limit})
            publish(run.lake, data)
    page = run.lake.path("report/index.html")
    run.reporter.event("funnel", "\n".join(["", *lines(data)]), **data.total.model_dump())
    run.reporter.event("report_written", f"\n  report: {page}", path=page)
    methods = word_methods(data.by_language)
    if methods:
        run.reporter.event("words", f"  words      {described(methods)}", methods=methods)
    for each in data.much_rewritten:
        message = (
            f"  warning: rewriting removed {each.share:.0%} of the characters in language {each.language}, more than"
            f" clean.rewrite_limit ({limit:.0%}); the report says which passes did"
        )
        run.reporter.event("much_rewritten", message, limit=limit, share=each.share, **each.model_dump())
    require(run.lake.root, data.invariants)
    held = [str(invariant) for invariant in data.invariants]
    run.reporter.event("invariants", f"  {len(held)} invariants hold, such as {held[0]}" if held else "", held=held)
