"""Which stages a run of all stages has something to do for."""

from collections.abc import Sequence

from jobs.config import RunConfig
from lake.lake import Lake

OF_DOCUMENTS = frozenset(("ingest", "clean", "dedup", "tokenize", "pack"))


def stages_of(config: RunConfig, stages: Sequence[str]) -> Sequence[str]:
    """The stages of a run, without those of documents where there are only sentence pairs.

    A stage that is asked for alone is run.
    """
    if len(stages) < 2 or config.sources or not config.pairs.sources or Lake(config.lake).exists("documents"):
        return stages
    return [name for name in stages if name not in OF_DOCUMENTS]
