"""pair_tokens -> sequences_<name> of the objective translation: one table per entry under `translation`."""

from collections.abc import Mapping

import pyarrow as pa
from pyspark.sql import functions as F

from jobs.stages.context import StageContext
from lake.data_files import of_table
from lake.lake import Lake
from lake.ledger import Work, fingerprint, keys
from lake.parquet_writer import WriteTask
from pipelines.errors import MissingPathError
from pipelines.semantics import PACKING_TRANSLATION
from pipelines.sequences.translation.config import TranslationConfig
from pipelines.sequences.translation.spark import figures, pack
from pipelines.tables import PAIR_TOKENS, SequenceFormat, sequences
from pipelines.tokenizer.load import LoadedTokenizer


def pack_translation(run: StageContext, config: TranslationConfig, loaded: LoadedTokenizer) -> None:
    """Makes rows of new pairs, and removes those of pairs that left; says how many pairs are too long for a row.

    Raises:
        MissingPathError: pairs were not encoded yet.
        TokenizerError: the tokenizer has no token that ends a side.
    """
    described = row_format(config, loaded)
    output = sequences(config.name, described)
    if not run.lake.exists(PAIR_TOKENS.name):
        raise MissingPathError(
            f"{run.lake.root}: no table {PAIR_TOKENS.name}, of which {output.name} is made: `tokenlake stage "
            "tokenize` makes it of clean pairs, and `tokenlake stage pairs` these"
        )
    settings = fingerprint(config.fingerprint(), loaded.fingerprint)
    work = run.plan("pack", output, [PAIR_TOKENS.name], settings, PACKING_TRANSLATION)
    if work.mode == "nothing":
        return
    run.lake.remove_unfinished(output.name, work.run_id)
    pairs = work.read(run.lake, PAIR_TOKENS.name)
    found = figures(pairs, config.length)
    sink = WriteTask(run.lake.root, output, work.run_id)
    files = of_table(pack(pairs, described, config, work.run_id, sink).toArrow(), output.name)
    detail = {name: str(number) for name, number in found.items()} | {"tokenizer": loaded.fingerprint}
    if work.mode == "change":
        run.committed(work.replace(run.lake, _gone(run.lake, work), files, **detail))
    else:
        run.committed(work.commit_files(run.lake, files, **detail))
    _report(run, output.name, config, found)


def row_format(config: TranslationConfig, loaded: LoadedTokenizer) -> SequenceFormat:
    """The format of rows that hold the ids of a tokenizer.

    Raises:
        TokenizerError: it lacks a token that they need.
    """
    return SequenceFormat(
        objective="translation",
        length=2 * config.length,
        id_bits=8 * loaded.dtype.itemsize,
        pad_id=loaded.padding(config.pad, config.separator),
        separator_id=loaded.separator(config.separator),
        tokenizer=loaded.fingerprint,
    )


def _gone(lake: Lake, work: Work) -> pa.Array:
    """The rows whose pair left, or is among those that are packed now."""
    staying = work.whole(lake, PAIR_TOKENS.name).where(work.is_settled(PAIR_TOKENS.name)).select("pair_id")
    held = work.previous(lake).select("sequence_id", F.expr("get(doc_ids, 0)").alias("pair_id"))
    return keys(held.join(staying, on="pair_id", how="left_anti").select("sequence_id"))


def _report(run: StageContext, table: str, config: TranslationConfig, found: Mapping[str, int]) -> None:
    message = f"  {table}: {found['pairs']:,} pairs"
    if found["over_length"]:
        longest = max(found["longest_source"], found["longest_target"])
        message += (
            f", {found['over_length']:,} of them in no row: a side has more than {config.length - 1:,} tokens "
            f"(up to {longest:,}). `{PAIR_TOKENS.name}` holds them; translation.length admits longer sides"
        )
    run.reporter.event("pairs_packed", message, table=table, length=config.length, **found)
