"""clean_documents -> sequences_<name> of the objective masked: one table per entry under `masked`."""

from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
from pyspark.sql import DataFrame

from jobs.stages.context import StageContext
from lake.data_files import of_table
from lake.ledger import Work, fingerprint
from lake.parquet_writer import WriteTask
from lake.scratch import Scratch
from pipelines.kernels.arrays import Integers
from pipelines.semantics import PACKING_MASKED
from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.spark import figures, pack, sentences
from pipelines.tables import SequenceFormat, Table, sequences
from pipelines.tokenizer.choice import choose_encoder
from pipelines.tokenizer.encode import Encoder, EncoderName, one_thread
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.spark import texts_to_check


def pack_masked(run: StageContext, config: MaskedConfig, loaded: LoadedTokenizer) -> None:
    """Fills rows with the sentences of new documents; when documents have left, the table is made anew.

    Raises:
        TokenizerError: the tokenizer has no token to begin a row with, or none that hides others.
    """
    described = row_format(config, loaded)
    output = sequences(config.name, described)
    work = _planned(run, output, fingerprint(config.fingerprint(), loaded.fingerprint))
    if work.mode == "nothing":
        return
    run.lake.remove_unfinished(output.name, work.run_id)
    documents = work.read(run.lake, "clean_documents")
    encode = SentenceEncoder(loaded.json, _encoder(run, documents, loaded))
    with Scratch(run.lake, work.run_id) as scratch:
        encoded = scratch.keep(sentences(documents, encode, config).frame())
        found = figures(encoded)
        sink = WriteTask(run.lake.root, output, work.run_id)
        reports = pack(encoded, described, config, work.run_id, sink).toArrow()
        detail = {name: str(number) for name, number in found.items()}
        files = of_table(reports, output.name)
        run.committed(work.commit_files(run.lake, files, tokenizer=loaded.fingerprint, **detail))
    long = f", {found['long_sentences']:,} of them in parts" if found["long_sentences"] else ""
    message = f"  {output.name}: {found['sentences']:,} sentences of {found['documents']:,} documents{long}"
    run.reporter.event("sentences_packed", message, table=output.name, **found)


def row_format(config: MaskedConfig, loaded: LoadedTokenizer) -> SequenceFormat:
    """The format of rows that are filled with the ids of a tokenizer.

    Raises:
        TokenizerError: it lacks a token that they need.
    """
    return SequenceFormat(
        objective="masked",
        length=config.length,
        id_bits=8 * loaded.dtype.itemsize,
        pad_id=loaded.padding(config.pad, config.separator),
        separator_id=loaded.between_segments(config.separator),
        tokenizer=loaded.fingerprint,
        start_id=loaded.class_token(config.start),
        mask_id=loaded.mask(config.mask),
        vocabulary=loaded.vocabulary_size,
    )


def _planned(run: StageContext, output: Table, settings: str) -> Work:
    """The work of the step. Rows hold pieces of two documents, so a document that leaves makes all rows anew."""

    def planned(changed: str = "") -> Work:
        inputs = ["clean_documents"]
        return run.plan("pack", output, inputs, settings, PACKING_MASKED, changed)

    work = planned()
    return planned("documents left, and rows hold pieces of two") if work.mode == "change" else work


def _encoder(run: StageContext, documents: DataFrame, loaded: LoadedTokenizer) -> EncoderName:
    wanted = run.config.tokenizer.encoder
    sample = [] if wanted == "tokenizers" else texts_to_check(documents)
    return choose_encoder(loaded, sample, wanted).name


@dataclass(frozen=True)
class SentenceEncoder:
    """Encodes sentences in a task, with the lake's tokenizer."""

    json: str  # of the tokenizer
    by: EncoderName

    def __call__(self, texts: pa.LargeStringArray) -> tuple[pa.LargeBinaryArray, Integers]:
        """(n,) ids of each text, and (n,) how many; adds no special tokens."""
        return _ready(self.json, self.by).encode(texts)


@lru_cache(maxsize=2)
def _ready(content: str, by: EncoderName) -> Encoder:
    """Built once per worker process, not once per task."""
    one_thread()
    return Encoder(LoadedTokenizer(content), by)
