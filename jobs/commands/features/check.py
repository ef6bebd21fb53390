"""`tokenlake features check`: whether the online store serves what the tables hold."""

import argparse
import json
import re
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobs.commands.features.online_store import online_store
from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from pipelines.errors import MisuseError

if TYPE_CHECKING:
    from features.consistency.record import Check
    from features.consistency.tally import Tally
    from features.plan import Plan
    from lake.lake import Lake

_SECOND = 1_000_000
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class TimeError(MisuseError, ValueError):
    """An argument is no time."""


def check(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Compares, records the counts, prints the failures; exit status 1 if there is one."""
    from features.consistency.limits import Limits, failures
    from features.consistency.record import METRICS, Check, metrics, record

    lake = existing(arguments.lake)
    now = time.time_ns() // 1000
    limits = Limits(**{name: getattr(arguments, f"max_{name}") for name in vars(Limits())})
    tally, plan = _compared(arguments, lake, now)
    done = Check(
        f"features-check-{uuid.uuid4().hex[:16]}",
        now,
        "log" if arguments.request_log else "store",
        round(arguments.lag * _SECOND),
        plan,
        tally,
        failures(tally, limits),
    )
    if tally.features:
        record(lake, done)
    text = metrics(done)
    lake.storage.write_text(METRICS, text)
    if arguments.prometheus:
        print(text, end="")
    elif arguments.json:
        print(json.dumps(_as_json(done), indent=2))
    else:
        _show(done)
    return 1 if done.failures else 0


def _compared(arguments: argparse.Namespace, lake: "Lake", now: int) -> "tuple[Tally, str]":
    """The counts, and the fingerprint of the plan."""
    from features.catalogue.catalogue import CATALOGUE
    from features.consistency.check import check_log, check_store
    from features.consistency.comparison import Terms
    from features.online.reader import OnlineReader, thread_store
    from features.store.plan_store import read_plan
    from jobs.commands.features.materialize import published

    if arguments.since and not arguments.request_log:
        raise MisuseError("--since needs --request-log: without a log, entities are looked up now")
    terms = Terms(now, round(arguments.lag * _SECOND), round(arguments.clock_tolerance * _SECOND))
    if arguments.request_log:
        plan = _knowing(published(lake), arguments.view)
        since = since_us(arguments.since, now) if arguments.since else 0
        return check_log(
            lake, plan, arguments.request_log, terms, since, arguments.sample, arguments.view
        ), plan.fingerprint
    address = online_store(arguments)
    plan = _knowing(read_plan(address, CATALOGUE.project), arguments.view)
    seed = arguments.seed if arguments.seed is not None else now
    with OnlineReader(address, plan.project, plan) as reader, closing(thread_store(address)) as store:
        tally = check_store(lake, plan, reader, terms, arguments.sample, seed, arguments.view, store)
    return tally, plan.fingerprint


def _knowing(plan: "Plan", views: Sequence[str]) -> "Plan":
    """The plan, which must have these views or on-demand views.

    Raises:
        PlanError: there is none of a name.
    """
    for name in views:
        if name not in plan.on_demand:
            plan.view(name)
    return plan


def since_us(text: str, now: int) -> int:
    """A time as microseconds since the epoch: ISO 8601, or so long before now as `90m`, `24h`, `7d` say.

    Raises:
        TimeError: it is neither.
    """
    ago = re.fullmatch(r"(\d+)([smhd])", text)
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}) // timedelta(microseconds=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeError(f"{text!r} is no time: 2026-11-26T12:00Z, or 24h for the last day") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _as_json(done: "Check") -> dict[str, object]:
    from features.consistency.comparison import Verdict

    return {
        "run_id": done.run_id,
        "checked_at": done.at / 1e6,
        "answers_from": done.answers_from,
        "failures": [asdict(each) for each in done.failures],
        "unreadable_lines": done.tally.unreadable,
        "unknown_views": dict(done.tally.unknown),
        "unpacked_rows": dict(done.tally.unpacked),
        "features": [
            {
                "view": view,
                "feature": feature,
                "compared": found.compared,
                **{verdict.value: found.verdicts[verdict] for verdict in Verdict},
                "largest_difference": found.largest_difference,
                "examples": [asdict(each) for listed in found.examples.values() for each in listed],
            }
            for view, feature, found in done.tally
        ],
    }


def _show(done: "Check") -> None:
    from features.consistency.comparison import Verdict
    from features.consistency.limits import unpacked

    by_view: dict[str, list[int]] = {}
    for view, _, found in done.tally:
        counts = by_view.setdefault(view, [0, 0, 0, 0])
        good = found.verdicts[Verdict.EQUAL], found.verdicts[Verdict.LATE]
        for place, number in enumerate((found.compared, *good, found.compared - sum(good))):
            counts[place] += number
    width = max(map(len, by_view), default=4)
    print(f"{'view':{width}}  {'compared':>10}  {'equal':>10}  {'late':>8}  {'wrong':>8}")
    for view, (compared, equal, late, wrong) in by_view.items():
        print(f"{view:{width}}  {compared:>10,}  {equal:>10,}  {late:>8,}  {wrong:>8,}")
    if not by_view:
        print("nothing to compare")
    if done.tally.unreadable:
        print(f"note: {done.tally.unreadable:,} lines of the request log are no answers")
    for view, count in sorted(done.tally.unknown.items()):
        print(f"note: {count:,} answers of {view}, which the plan does not know any more, were left out")
    failed = {failure.view for failure in done.failures if failure.limit == "unpacked"}
    for view, count in sorted(done.tally.unpacked.items()):
        if count and view not in failed:
            print(f"note: {unpacked(view, done.tally)}")
    for failure in done.failures:
        print(failure)
    total = len(done.failures)
    if total or by_view:
        print(f"{total:,} limits exceeded" if total else "online and offline agree")
