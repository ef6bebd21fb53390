"""clean_documents -> tokens, and clean_pairs -> pair_tokens, with one tokenizer.

It is loaded, or trained once per lake.
"""

from pyspark.sql import DataFrame

from jobs.stages.context import StageContext
from jobs.stages.tokenizer_file import tokenizer
from pipelines.semantics import ENCODING, PAIR_ENCODING
from pipelines.tables import CLEAN_DOCUMENTS, CLEAN_PAIRS, PAIR_TOKENS, TOKENS
from pipelines.tokenizer.choice import EncoderChoice, choose_encoder
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.spark import pair_tokens, sides, texts_to_check, tokens


def run(run: StageContext) -> None:
    """Encodes new documents, and new sentence pairs where some were packed or shall be.

    After a change of tokenizer it encodes all of them.
    A lake that has only pairs has no documents to encode; one without documents and pairs is an error.
    """
    has_pairs = run.lake.exists(CLEAN_PAIRS.name)
    has_documents = run.lake.exists(CLEAN_DOCUMENTS.name) or not has_pairs
    wants_pairs = has_pairs and (bool(run.config.translation) or run.lake.exists(PAIR_TOKENS.name))
    if not has_documents and not wants_pairs:
        return
    loaded = tokenizer(run)
    if has_documents:
        _documents(run, loaded)
    if wants_pairs:
        _pairs(run, loaded)


def _documents(run: StageContext, loaded: LoadedTokenizer) -> None:
    work = run.plan("tokenize", TOKENS, [CLEAN_DOCUMENTS.name], loaded.fingerprint, ENCODING)
    if work.mode == "nothing":
        return
    clean_documents = work.read(run.lake, CLEAN_DOCUMENTS.name)
    choice = _encoder(run, loaded, clean_documents)
    encoded = tokens(clean_documents, loaded, work.run_id, choice)
    run.committed(work.commit(run.lake, encoded, tokenizer=loaded.fingerprint, name=run.config.tokenizer.name))


def _pairs(run: StageContext, loaded: LoadedTokenizer) -> None:
    work = run.plan("tokenize", PAIR_TOKENS, [CLEAN_PAIRS.name], loaded.fingerprint, PAIR_ENCODING)
    if work.mode == "nothing":
        return
    clean_pairs = work.read(run.lake, CLEAN_PAIRS.name)
    choice = _encoder(run, loaded, sides(clean_pairs))
    encoded = pair_tokens(clean_pairs, loaded, work.run_id, choice)
    run.committed(work.commit(run.lake, encoded, tokenizer=loaded.fingerprint, name=run.config.tokenizer.name))


def _encoder(run: StageContext, loaded: LoadedTokenizer, documents: DataFrame) -> EncoderChoice:
    """The package that encodes, compared on some of the documents (doc_id, text)."""
    wanted = run.config.tokenizer.encoder
    sample = [] if wanted == "tokenizers" else texts_to_check(documents)
    choice = choose_encoder(loaded, sample, wanted)
    run.reporter.event("tokenizing", tokenizer=loaded.fingerprint, encoder=choice.name, why=choice.why)
    return choice
