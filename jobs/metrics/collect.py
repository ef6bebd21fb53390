"""All figures of a lake at one time."""

import time
from collections.abc import Iterator

from features.store.address import Address
from jobs.metrics import catalogue
from jobs.metrics.features import feature_figures
from jobs.metrics.metric import Sample
from jobs.metrics.recorded import CHECK, UPKEEP, recorded
from jobs.metrics.sources import source_figures
from jobs.metrics.steps import pending_figures, run_figures, runs_of_steps, stage_figures
from jobs.metrics.tables import table_figures
from lake.lake import Lake
from lake.ledger import code_version


def figures(lake: Lake, online: Address | None = None) -> list[Sample]:
    """Reads logs and small tables of a lake, and asks its online store if there is one.

    Raises:
        Exception: what reading a lake raises that is away, or damaged.
    """
    started, found = time.perf_counter(), list(_figures(lake, online))
    seconds = round(time.perf_counter() - started, 3)
    return [
        *catalogue.SCRAPE_SUCCESS(1),
        *catalogue.SCRAPE_TIME(round(time.time(), 3)),
        *catalogue.SCRAPE_SECONDS(seconds),
        *catalogue.BUILD_INFO(1, version=code_version()),
        *found,
    ]


def _figures(lake: Lake, online: Address | None) -> Iterator[Sample]:
    lake.open_all()
    runs, results = runs_of_steps(lake), recorded(lake)
    yield from table_figures(lake)
    yield from run_figures(runs)
    yield from stage_figures(runs, results)
    yield from pending_figures(lake)
    yield from source_figures(lake, runs)
    yield from feature_figures(lake, online)
    if check := results.get(CHECK):
        yield from catalogue.CHECK_TIME(check["at"])
        yield from catalogue.CHECK_FINDINGS(check.get("findings"))
        yield from catalogue.CHECK_FAILED(check.get("failed"))
    if upkeep := results.get(UPKEEP):
        yield from catalogue.UPKEEP_TIME(upkeep["at"])
        yield from catalogue.UPKEEP_REFUSED(upkeep.get("refused"))
