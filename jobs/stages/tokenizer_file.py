"""The lake's tokenizer: trained on its clean documents the first time, or copied from where it was named."""

from jobs.stages.run import StageContext
from pipelines.tokenizer.load import LoadedTokenizer, load, parse
from pipelines.tokenizer.spark import sample
from pipelines.tokenizer.train import train


def tokenizer(run: StageContext) -> LoadedTokenizer:
    """Reads `LAKE/tokenizers/<name>-<fingerprint of its settings>.json`, making it first where it is absent.

    New data is encoded with the tokenizer that is there; other settings under `tokenizer` make another file.
    """
    config = run.config.tokenizer
    file = f"tokenizers/{config.name}-{config.fingerprint()}.json"
    text = run.lake.read_file(file)
    if text is not None:
        return parse(text, run.lake.path(file))
    made = load(config.load) if config.load else _train(run)
    run.lake.write_file(file, made.json)
    return made


def _train(run: StageContext) -> LoadedTokenizer:
    config = run.config.tokenizer
    texts = sample(run.lake.read("clean_documents"), config)
    run.reporter.event("tokenizer_training", kind=config.kind, documents=len(texts), vocab_size=config.vocab_size)
    return train(texts, config)
