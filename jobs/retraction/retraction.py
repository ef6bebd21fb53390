"""Takes documents out of a lake: commits the request, runs the later stages, then looks where the texts still are."""

from collections.abc import Sequence

import pyarrow as pa

from features.store.address import Address
from jobs.conclusion import renew
from jobs.config import RunConfig
from jobs.counts import counts
from jobs.engine.base import Engine
from jobs.failures import explain_failure
from jobs.invariants import invariants, require
from jobs.progress import Reporter
from jobs.retraction.derived import forget
from jobs.retraction.later_stages import configurations, run_later_stages
from jobs.retraction.outcome import Outcome, holding, pins_on, retracted_ids, trained_on
from jobs.retraction.request import Note, manifest
from jobs.retraction.selection import Asked, Selection, select
from jobs.runs import record_runs
from jobs.stages import ingest
from jobs.stages.context import StageContext
from jobs.stages.staged_files import is_interrupted
from lake.lake import Lake


def preview(lake: Lake, asked: Asked) -> Outcome:
    """What `retract` would do; changes nothing and needs no lock."""
    selection = select(lake, asked)
    tables = holding(lake, selection.doc_ids)
    return Outcome(lake.root, False, selection, tables, trained_on(lake, tables), pins=pins_on(lake, tables))


def retract(
    lake: Lake,
    engine: Engine,
    reporter: Reporter,
    asked: Asked,
    note: Note,
    given: RunConfig | None = None,
    online: Address | None = None,
) -> Outcome:
    """Takes documents out of every table; the lake is locked by the caller.

    Once the request is committed, a failure of a later stage is part of the outcome: repeating the command, or the
    next run, finishes.

    Args:
        lake: with an engine.
        engine: that runs the stages.
        reporter: of the command.
        asked: the options.
        note: what is recorded.
        given: a configuration in place of those that the lake has recorded.
        online: the store that features were materialized into.

    Raises:
        NoRecordedConfigError: nothing tells how a stage was configured; nothing is changed.
        SelectionError: nothing in the lake is meant; nothing is changed.
    """
    run = StageContext(lake, engine, given or RunConfig(lake=lake.root), reporter)
    configs = configurations(lake, given)
    if is_interrupted(lake):
        ingest.finish_interrupted(run)
    selection = select(lake, asked)
    if selection.doc_ids or selection.closed:
        ingest.store(run, manifest(lake, selection, note))
        reporter.event("retracted", documents=len(selection.doc_ids), files=len(selection.files))
    unfinished: dict[str, str] = {}
    try:
        run_later_stages(run, configs)
        record_runs(lake)
        renew(run)
        require(lake.root, invariants(counts(lake)))
    except Exception as error:
        unfinished["tables after documents"] = explain_failure(error).message or str(error)
    unfinished |= forget(lake, online, retracted_ids(lake))
    tables = holding(lake, _meant(lake, selection))
    return Outcome(lake.root, True, selection, tables, trained_on(lake, tables), unfinished, pins_on(lake, tables))


def _meant(lake: Lake, selection: Selection) -> Sequence[str]:
    """The documents of this command, with those that it was asked for again."""
    ids: pa.Array = retracted_ids(lake)
    known = set(selection.known) & set(ids.to_pylist())
    return sorted({*selection.doc_ids, *known})
