"""tokens -> sequences_<name>: one table per packing of the configuration."""

from dataclasses import replace

from jobs.stages.context import StageContext
from jobs.stages.tokenizer_file import tokenizer
from lake.data_files import of_table
from lake.ledger import fingerprint, plan
from lake.parquet_writer import WriteTask
from pipelines.sequences.config import PackConfig
from pipelines.sequences.shard import TokenFormat
from pipelines.sequences.spark import pack
from pipelines.tables import sequences
from pipelines.tokenizer.load import LoadedTokenizer


def run(run: StageContext) -> None:
    """Packs new tokens into training sequences, once for every entry under `pack`."""
    loaded = tokenizer(run)
    for config in run.config.pack:
        _pack(run, config, loaded)


def _pack(run: StageContext, config: PackConfig, loaded: LoadedTokenizer) -> None:
    settings = fingerprint(config.fingerprint(), loaded.fingerprint)
    work = plan(run.lake, "pack", sequences(config.name), ["tokens"], settings)
    if work.mode == "nothing":
        return
    token_format = TokenFormat(
        tokenizer=loaded.fingerprint,
        separator=loaded.separator(config.separator),
        pad=loaded.padding(config.pad, config.separator),
        item_size=loaded.dtype.itemsize,
    )
    work = replace(work, output=sequences(config.name, token_format.of_rows(config.length)))
    run.lake.remove_unfinished(work.output.name, work.run_id)
    sink = WriteTask(run.lake.root, work.output, work.run_id)
    reports = pack(work.read(run.lake, "tokens"), token_format, config, work.run_id, sink).toArrow()
    files = of_table(reports, work.output.name)
    run.committed(work.commit_files(run.lake, files, tokenizer=loaded.fingerprint))
