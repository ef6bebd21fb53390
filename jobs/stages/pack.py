"""tokens -> sequences_<name>: one table per packing of the configuration."""

from jobs.ledger import fingerprint, plan
from jobs.stages.run import Run
from jobs.stages.tokenizer_file import tokenizer
from pipelines.sequences.config import PackConfig
from pipelines.sequences.spark import pack
from pipelines.tables import sequences


def run(run: Run) -> None:
    """Packs what is new into training rows, for every entry under `pack`."""
    for config in run.config.pack:
        _pack(run, config)


def _pack(run: Run, config: PackConfig) -> None:
    loaded = tokenizer(run)
    work = plan(
        run.lake, "pack", sequences(config.name), ["tokens"], fingerprint(config.fingerprint(), loaded.content_hash)
    )
    if work.mode == "nothing":
        return
    packed = pack(work.read(run.lake, "tokens"), loaded, config, work.run_id)
    run.committed(work.commit(run.lake, packed, length=str(config.length), tokenizer=loaded.content_hash))
