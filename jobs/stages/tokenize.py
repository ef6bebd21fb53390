"""clean_documents -> tokens, with a tokenizer that is trained once for a lake, or loaded."""

from jobs.stages.context import StageContext
from jobs.stages.tokenizer_file import tokenizer
from lake.ledger import plan
from pipelines.tables import TOKENS
from pipelines.tokenizer.boundaries import boundaries
from pipelines.tokenizer.spark import tokens


def run(run: StageContext) -> None:
    """Encodes what is new; another tokenizer encodes everything again."""
    loaded = tokenizer(run)
    work = plan(run.lake, "tokenize", TOKENS, ["clean_documents"], loaded.fingerprint)
    if work.mode == "nothing":
        return
    run.reporter.event("tokenizing", tokenizer=loaded.fingerprint, encoded=boundaries(loaded.json).why)
    encoded = tokens(work.read(run.lake, "clean_documents"), loaded, work.run_id)
    run.committed(work.commit(run.lake, encoded, tokenizer=loaded.fingerprint, name=run.config.tokenizer.name))
