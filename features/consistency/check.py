"""The consistency check: answers, logged or asked for now, against the tables as of their time."""

import importlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from features.consistency.answer import Answer, from_plain, is_sampled, place_of, plain
from features.consistency.comparison import History, Terms, judge, judge_on_demand
from features.consistency.histories import Key, histories, sample_keys
from features.consistency.lookups import Reader, looked_up
from features.consistency.packed_rows import unpacked_rows
from features.consistency.request_log import read_log
from features.consistency.tally import Tally
from features.online.read import Store
from features.plan import Plan, PlannedOnDemand
from lake.reading import LakeReader
from pipelines.errors import MisuseError

_BUCKETS = 1024  # of entities, by the hash that samples them


def check_log(
    lake: LakeReader,
    plan: Plan,
    folder: str | Path,
    terms: Terms,
    since: int,
    sample: int,
    views: Collection[str] = (),
) -> Tally:
    """Compares logged answers with the tables.

    Args:
        lake: the tables.
        plan: as of now; what it does not know any more is counted and left out.
        folder: the log's. A server may be writing there.
        terms: what is allowed for.
        since: leaves earlier requests out; microseconds since the epoch.
        sample: at most about this many answers of each view; of the entities that this leaves, all answers.
        views: are compared, or on-demand views; by default all.

    Raises:
        MisuseError: there is no such folder.
    """
    if not Path(folder).is_dir():
        raise MisuseError(f"{folder}: no folder of requests; the server writes one when its request log is on")
    shares = _shares(read_log(folder, since), sample)
    tally = Tally()
    chosen: dict[str, list[Answer]] = {}
    for answer in read_log(folder, since):
        if answer is None:
            tally.unreadable += 1
        elif views and answer.view not in views:
            continue
        elif answer.view not in plan.views and answer.view not in plan.on_demand:
            tally.unknown[answer.view] += 1
        elif is_sampled(answer.keys, shares.get(answer.view, 1.0)):
            chosen.setdefault(answer.view, []).append(answer)
    return compare(lake, plan, chosen, _as_of_now(terms), tally)


def check_store(
    lake: LakeReader,
    plan: Plan,
    reader: Reader,
    terms: Terms,
    sample: int,
    seed: int,
    views: Collection[str] = (),
    store: Store | None = None,
) -> Tally:
    """Compares what the online store answers now with the tables: by name, and through every service.

    Args:
        lake: the tables. They are read after the store, so that rows written meanwhile are known.
        plan: whose views and services are looked up.
        reader: of the store.
        terms: what is allowed for.
        sample: rows of each view's table that are drawn; their entities are looked up.
        seed: of the draw.
        views: are compared, or on-demand views; by default all.
        store: in which packed rows are counted, if given.
    """
    random = np.random.default_rng(seed)
    keys = {name: sample_keys(lake, view, sample, random) for name, view in plan.views.items()}
    found: dict[str, list[Answer]] = {}
    for answer in looked_up(plan, reader, keys):
        if not views or answer.view in views:
            found.setdefault(answer.view, []).append(answer)
    tally = Tally()
    for view, rows, lost in unpacked_rows(plan, store, keys) if store else ():
        if not views or view in views:
            tally.packed[view] += rows
            tally.unpacked[view] += lost
    return compare(lake, plan, found, _as_of_now(terms), tally)


def _as_of_now(terms: Terms) -> Terms:
    """Answers that came while others were read are not from the future."""
    return replace(terms, now=max(terms.now, time.time_ns() // 1000))


def compare(lake: LakeReader, plan: Plan, found: Mapping[str, Sequence[Answer]], terms: Terms, tally: Tally) -> Tally:
    """Judges answers, by view, and counts the judgements."""
    for name, listed in found.items():
        if name in plan.views:
            view = plan.views[name]
            past = histories(lake, view, {_key(answer, view.join_keys) for answer in listed})
            tally.rows[name] += sum(len(each.rows) for each in past.values())
            tally.rows_from_the_future[name] += sum(each.from_the_future(terms.tolerance) for each in past.values())
            for answer in listed:
                history = past[_key(answer, view.join_keys)]
                tally.add(answer, judge(history, answer, view.features, terms))
        else:
            _compare_on_demand(lake, plan, plan.on_demand[name], listed, terms, tally)
    return tally


def _compare_on_demand(
    lake: LakeReader, plan: Plan, on_demand: PlannedOnDemand, listed: Sequence[Answer], terms: Terms, tally: Tally
) -> None:
    views = {name: plan.views[name] for name, _ in on_demand.inputs}
    pasts: dict[str, dict[Key, History]] = {
        name: histories(lake, view, {_key(answer, view.join_keys) for answer in listed})
        for name, view in views.items()
    }
    compute = _plain_function(plan, on_demand)
    for answer in listed:
        own = {name: pasts[name][_key(answer, view.join_keys)] for name, view in views.items()}
        tally.add(answer, judge_on_demand(answer, on_demand.features, on_demand.inputs, own, compute, terms))


def _plain_function(
    plan: Plan, on_demand: PlannedOnDemand
) -> Callable[[dict[str, list[Any]]], Mapping[str, Sequence[Any]]]:
    """An on-demand view's function, on plain values."""
    module, _, name = on_demand.function.partition(":")
    function = getattr(importlib.import_module(module), name)
    types = {name: plan.views[view].features[name] for view, name in on_demand.inputs} | dict(on_demand.request)

    def compute(columns: dict[str, list[Any]]) -> Mapping[str, Sequence[Any]]:
        typed = {name: [from_plain(value, types[name]) for value in values] for name, values in columns.items()}
        return {name: [plain(value) for value in values] for name, values in function(typed).items()}

    return compute


def _shares(logged: Iterable[Answer | None], sample: int) -> dict[str, float]:
    """For each view the share of entities that has about `sample` answers; at least one part in `_BUCKETS`."""
    counts: dict[str, np.ndarray] = {}
    for answer in logged:
        if answer is not None:
            of_view = counts.setdefault(answer.view, np.zeros(_BUCKETS, np.int64))
            of_view[int(place_of(answer.keys) * _BUCKETS)] += 1
    fitting = {view: int(np.searchsorted(each.cumsum(), sample, side="right")) for view, each in counts.items()}
    return {view: max(buckets, 1) / _BUCKETS for view, buckets in fitting.items()}


def _key(answer: Answer, keys: Iterable[str]) -> Key:
    return tuple(answer.keys[name] for name in keys)
