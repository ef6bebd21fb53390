"""The lake's tables, and files of translations, glossaries and clients -> the histories `features_<view>`.

Each view ends in a commit of its own; a view whose inputs are as they were gets none.
"""

from collections.abc import Sequence

from pyspark.sql import functions as F

from features.catalogue.document import DOCUMENT_MEASURES, DOCUMENT_STATE
from features.catalogue.source import SOURCE_QUALITY
from features.computation.document import document_measures, document_state
from features.computation.source import source_counts, source_quality
from features.definition.view import View
from jobs.stages import feature_files
from jobs.stages.context import StageContext
from jobs.stages.feature_work import FeatureWork, plan
from lake.scratch import STAGING
from pipelines.semantics import DOCUMENT_FEATURES, SOURCE_FEATURES, Semantics


def run(run: StageContext) -> None:
    """Brings the history of every view up to date."""
    run.lake.storage.delete(f"{STAGING}/{feature_files.SCRATCH}")  # what a killed attempt left
    _document_measures(run)
    _document_state(run)
    _source_quality(run)
    feature_files.bitext(run)
    feature_files.glossary(run)
    feature_files.clients(run)
    feature_files.usage(run)


def _document_measures(run: StageContext) -> None:
    work = _plan(run, DOCUMENT_MEASURES, ["measures"], DOCUMENT_FEATURES)
    if work is None:
        return
    wanted = work.affected(run.lake)
    work.commit(run, document_measures(work.read(run.lake, "measures", wanted)), wanted)


def _document_state(run: StageContext) -> None:
    inputs = ["decisions", "measures", "duplicates", "clean_documents", "tokens"]
    work = _plan(run, DOCUMENT_STATE, inputs, DOCUMENT_FEATURES, needed=2)
    if work is None:
        return
    wanted = work.affected(run.lake)
    tables = {name: work.read(run.lake, name, wanted) for name in inputs}
    work.commit(run, document_state(**tables), wanted)


def _source_quality(run: StageContext) -> None:
    inputs = ["documents", "measures", "decisions", "duplicates", "clean_documents", "tokens"]
    work = _plan(run, SOURCE_QUALITY, [*inputs, "rejects"], SOURCE_FEATURES)
    if work is None:
        return
    counts = source_counts(**{name: work.read(run.lake, name) for name in inputs}).toArrow()
    rejected = work.read(run.lake, "rejects").where(F.col("reason") != "retracted")
    rejects = rejected.groupBy("source").agg(F.count("*").alias("rejects")).toArrow()
    work.commit(run, run.engine.frame(source_quality(counts, rejects)))


def _plan(
    run: StageContext, view: View, inputs: Sequence[str], semantics: Semantics, needed: int = 1
) -> FeatureWork | None:
    """As `plan`; None also if one of the first `needed` tables is not there yet."""
    missing = [name for name in inputs[:needed] if not run.lake.exists(name)]
    if missing:
        message = f"  note: {view.table} waits for the table {missing[0]}, which `tokenlake run` makes"
        run.reporter.event("features_wait", message, view=view.name, table=missing[0])
        return None
    return plan(run, view, inputs, semantics)
