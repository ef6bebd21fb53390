"""clean_documents -> tokens, with a tokenizer that is loaded, or trained once per lake."""

from jobs.stages.context import StageContext
from jobs.stages.tokenizer_file import tokenizer
from pipelines.semantics import ENCODING
from pipelines.tables import TOKENS
from pipelines.tokenizer.choice import choose_encoder
from pipelines.tokenizer.spark import texts_to_check, tokens


def run(run: StageContext) -> None:
    """Encodes new documents; after a change of tokenizer, all documents."""
    loaded = tokenizer(run)
    work = run.plan("tokenize", TOKENS, ["clean_documents"], loaded.fingerprint, ENCODING)
    if work.mode == "nothing":
        return
    clean_documents = work.read(run.lake, "clean_documents")
    wanted = run.config.tokenizer.encoder
    sample = [] if wanted == "tokenizers" else texts_to_check(clean_documents)
    choice = choose_encoder(loaded, sample, wanted)
    run.reporter.event("tokenizing", tokenizer=loaded.fingerprint, encoder=choice.name, why=choice.why)
    encoded = tokens(clean_documents, loaded, work.run_id, choice)
    run.committed(work.commit(run.lake, encoded, tokenizer=loaded.fingerprint, name=run.config.tokenizer.name))
