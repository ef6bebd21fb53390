"""tokens -> sequences_<name>: one table per packing of the configuration."""

from jobs.ledger import fingerprint, plan
from jobs.stages.run import StageContext
from jobs.stages.tokenizer_file import tokenizer
from pipelines.sequences.config import PackConfig
from pipelines.sequences.shard import TokenFormat
from pipelines.sequences.spark import pack
from pipelines.tables import sequences
from pipelines.tokenizer.load import LoadedTokenizer


def run(run: StageContext) -> None:
    """Packs what is new into training rows, for every entry under `pack`."""
    loaded = tokenizer(run)
    for config in run.config.pack:
        _pack(run, config, loaded)


def _pack(run: StageContext, config: PackConfig, loaded: LoadedTokenizer) -> None:
    settings = fingerprint(config.fingerprint(), loaded.fingerprint)
    work = plan(run.lake, "pack", sequences(config.name), ["tokens"], settings)
    if work.mode == "nothing":
        return
    facts = TokenFormat(
        tokenizer=loaded.fingerprint,
        separator=loaded.separator(config.separator),
        pad=loaded.padding(config.pad, config.separator),
        item_size=loaded.dtype.itemsize,
    )
    packed = pack(work.read(run.lake, "tokens"), facts, config, work.run_id)
    detail = {"length": config.length, "separator": facts.separator, "pad": facts.pad, "item_size": facts.item_size}
    run.committed(
        work.commit(run.lake, packed, tokenizer=loaded.fingerprint, **{key: str(n) for key, n in detail.items()})
    )
