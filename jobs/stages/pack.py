"""tokens -> sequences_<name>: one table per packing, and one per entry under `masked` and `translation`."""

from dataclasses import replace

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.stages.context import StageContext
from jobs.stages.pack_masked import pack_masked
from jobs.stages.pack_translation import pack_translation
from jobs.stages.tokenizer_file import tokenizer
from lake.data_files import of_table
from lake.lake import Lake
from lake.ledger import Work, fingerprint, keys
from lake.parquet_writer import WriteTask
from pipelines.semantics import PACKING
from pipelines.sequences.config import PackConfig
from pipelines.sequences.removal import pieces, torn_rows
from pipelines.sequences.shard import TokenFormat
from pipelines.sequences.spark import pack
from pipelines.tables import CLEAN_DOCUMENTS, CLEAN_PAIRS, sequences
from pipelines.tokenizer.load import LoadedTokenizer


def run(run: StageContext) -> None:
    """Packs new tokens into training sequences, once for every entry under `pack`, `masked` and `translation`.

    A lake that has only sentence pairs has nothing for the first two.
    """
    has_documents = run.lake.exists(CLEAN_DOCUMENTS.name) or not run.lake.exists(CLEAN_PAIRS.name)
    packings, masked = (run.config.pack, run.config.masked) if has_documents else ((), ())
    if not (packings or masked or run.config.translation):
        return
    loaded = tokenizer(run)
    for config in packings:
        _pack(run, config, loaded)
    for each in masked:
        pack_masked(run, each, loaded)
    for translation in run.config.translation:
        pack_translation(run, translation, loaded)


def _pack(run: StageContext, config: PackConfig, loaded: LoadedTokenizer) -> None:
    settings = fingerprint(config.fingerprint(), loaded.fingerprint)
    work = run.plan("pack", sequences(config.name), ["tokens"], settings, PACKING)
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
    tokens, torn = _to_pack(run.lake, work, token_format)
    sink = WriteTask(run.lake.root, work.output, work.run_id)
    reports = pack(tokens, token_format, config, work.run_id, sink).toArrow()
    files = of_table(reports, work.output.name)
    if torn is None:
        run.committed(work.commit_files(run.lake, files, tokenizer=loaded.fingerprint))
    else:
        run.committed(work.replace(run.lake, torn, files, tokenizer=loaded.fingerprint))


def _to_pack(lake: Lake, work: Work, token_format: TokenFormat) -> tuple[DataFrame, pa.Array | None]:
    """(what to pack, ids of rows to remove): new documents and, after a change, pieces of rows with removed ones."""
    new = work.read(lake, "tokens")
    if work.mode != "change":
        return new, None
    staying = work.whole(lake, "tokens").where(work.is_settled("tokens"))
    torn = keys(torn_rows(work.previous(lake), staying))
    held = work.beside(lake, work.output.name, torn, "sequence_id")
    left = pieces(held, staying, token_format.item_size)
    whole = new.withColumns({"start": F.lit(0).cast("long"), "closed": F.lit(True)}).select(*left.columns)
    return left.unionByName(whole), torn
