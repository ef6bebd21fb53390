"""Which stages a run of all stages has something to do for."""

from collections.abc import Sequence

from jobs.config import RunConfig
from lake.lake import Lake

OF_DOCUMENTS = frozenset(("ingest", "clean", "dedup", "tokenize", "pack"))
OF_BOTH = frozenset(("tokenize", "pack"))
"""Stages that also make the tables for training translation."""


def stages_of(config: RunConfig, stages: Sequence[str]) -> Sequence[str]:
    """The stages of a run, without those of sentence pairs or of documents where there are only the others.

    A stage that is asked for alone is run.
    """
    if len(stages) < 2:
        return stages
    if not config.pairs.sources:
        return [name for name in stages if name != "pairs"]
    if config.sources or Lake(config.lake).exists("documents"):
        return stages
    wants_tokens = config.translation or Lake(config.lake).exists("pair_tokens")
    left_out = OF_DOCUMENTS - OF_BOTH if wants_tokens else OF_DOCUMENTS
    return [name for name in stages if name not in left_out]
