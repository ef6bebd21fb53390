"""measures -> contamination: what texts have in common with the benchmarks that the configuration names."""

import json
from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame

from jobs.stages.context import StageContext
from lake.lake import Lake
from lake.ledger import fingerprint
from pipelines.contamination.spark import contaminated
from pipelines.semantics import COMPARING
from pipelines.tables import CONTAMINATION, DECISIONS

_DETAIL = "benchmarks"


def compare(run: StageContext) -> None:
    """Compares the texts of `measures` with the benchmarks, if any is named.

    The benchmarks are read for each run, so an edited file makes this table anew, and the decisions, but no measure.
    """
    config = run.config.decontaminate
    if not config.enabled:
        return
    from pipelines.contamination.benchmarks import read  # kernels: only where benchmarks are named
    from pipelines.contamination.index import Index

    index = Index.build([read(each) for each in config.benchmarks], config.n, config.shortest)
    settings = fingerprint(index.fingerprint(), config.n, config.shortest, config.margin, config.shortest_piece)
    work = run.plan("clean", CONTAMINATION, ["measures"], settings, COMPARING)
    if work.mode == "nothing":
        return
    location = _keep(run.lake, index.fingerprint(), index.to_bytes())
    counts = [asdict(each) for each in index.counts()]
    rows = contaminated(work.read(run.lake, "measures"), location, config, work.run_id)
    run.committed(work.commit(run.lake, rows, **{_DETAIL: json.dumps(counts)}))


def _keep(lake: Lake, name: str, data: bytes) -> str:
    """Writes an index to `LAKE/benchmarks/`, where tasks read it, in place of earlier ones."""
    file = f"benchmarks/{name}.index"
    for entry in lake.storage.entries("benchmarks"):
        if entry.name != f"{name}.index":
            lake.storage.delete(f"benchmarks/{entry.name}")
    if not lake.storage.exists(file):
        lake.storage.write_bytes(file, data)
    return lake.storage.path(file)


@dataclass(frozen=True)
class Compared:
    """The contamination that the lake's decisions were made with."""

    rows: DataFrame
    benchmarks: list[dict[str, int | str]]  # name, items, too_short; empty where the log no longer tells


def in_force(lake: Lake) -> bool:
    """Whether the last decisions were made with `contamination`; the table may be there from before."""
    last = lake.last_own_commit(DECISIONS.name)
    if last is None or last.metadata is None:
        return lake.exists(CONTAMINATION.name)
    return CONTAMINATION.name in last.metadata.inputs and lake.exists(CONTAMINATION.name)


def compared(lake: Lake) -> Compared | None:
    """The contamination that the lake's decisions were made with; None: texts are compared with nothing."""
    if not in_force(lake):
        return None
    last = lake.last_own_commit(CONTAMINATION.name)
    detail = last.metadata.detail if last and last.metadata else {}
    return Compared(lake.read(CONTAMINATION.name), json.loads(detail.get(_DETAIL, "[]")))
