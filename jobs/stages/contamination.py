"""measures -> contamination: what texts have in common with the benchmarks that the configuration names."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from jobs.stages.context import StageContext
from lake.lake import Lake
from lake.ledger import fingerprint
from pipelines.contamination.config import DecontaminateConfig
from pipelines.contamination.spark import contaminated
from pipelines.semantics import COMPARING
from pipelines.tables import CONTAMINATION, DECISIONS

if TYPE_CHECKING:
    from pipelines.contamination.index import Index

_DETAIL = "benchmarks"
_FOLDER = "benchmarks"


def compare(run: StageContext) -> None:
    """Compares the texts of `measures` with the benchmarks, if any is named.

    The benchmarks are read for each run, so an edited file makes this table anew, and the decisions, but no measure.
    """
    config = run.config.decontaminate
    if not config.enabled:
        return
    index = _index(run)
    work = run.plan("clean", CONTAMINATION, ["measures"], _settings(index, config), COMPARING)
    if work.mode == "nothing":
        return
    location = _keep(run.lake, index.fingerprint(), index.to_bytes())
    counts = [asdict(each) for each in index.counts()]
    rows = contaminated(work.read(run.lake, "measures"), location, config, work.run_id)
    run.committed(work.commit(run.lake, rows, **{_DETAIL: json.dumps(counts)}))


def _index(run: StageContext) -> "Index":
    """The index of the benchmarks' files; where they are gone, the one that the table was made with.

    A run with a configuration has found all files before it began. `tokenlake retract` must forget a document even
    where a benchmark has moved since the last run.

    Raises:
        BenchmarkError: a benchmark cannot be read, and the lake has no index of the same settings.
    """
    from pipelines.contamination.benchmarks import BenchmarkError, read  # kernels: only where benchmarks are named
    from pipelines.contamination.index import Index

    config = run.config.decontaminate
    try:
        return Index.build([read(each) for each in config.benchmarks], config.n, config.shortest)
    except BenchmarkError as error:
        last = run.lake.last_own_commit(CONTAMINATION.name)
        for entry in run.lake.storage.entries(_FOLDER) if last and last.metadata else ():
            with run.lake.storage.open(f"{_FOLDER}/{entry.name}") as file:
                stored = Index.from_bytes(file.read())
            if last and last.metadata and last.metadata.config_hash == _settings(stored, config):
                note = f"  note: {error}; texts are compared with the index of it that the lake has"
                run.reporter.event("benchmark_gone", note, detail=str(error))
                return stored
        raise


def _settings(index: "Index", config: DecontaminateConfig) -> str:
    return fingerprint(index.fingerprint(), config.n, config.shortest, config.margin, config.shortest_piece)


def _keep(lake: Lake, name: str, data: bytes) -> str:
    """Writes an index to `LAKE/benchmarks/`, where tasks read it, in place of earlier ones."""
    file = f"{_FOLDER}/{name}.index"
    for entry in lake.storage.entries(_FOLDER):
        if entry.name != f"{name}.index":
            lake.storage.delete(f"{_FOLDER}/{entry.name}")
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
