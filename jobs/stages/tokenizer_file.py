"""The lake's tokenizer file: trained on its clean documents at first use, or copied from `tokenizer.load`."""

from jobs.stages.context import StageContext
from pipelines.kernels.freed_memory import give_back
from pipelines.tokenizer.load import LoadedTokenizer, load, parse
from pipelines.tokenizer.spark import sample
from pipelines.tokenizer.train import train


def tokenizer(run: StageContext) -> LoadedTokenizer:
    """Reads `LAKE/tokenizers/<name>-<fingerprint of its settings>.json`; creates it when absent.

    New data is encoded with the existing tokenizer; other settings under `tokenizer` name another file.
    """
    config = run.config.tokenizer
    file = f"tokenizers/{config.name}-{config.fingerprint()}.json"
    text = run.lake.storage.read_text(file)
    if text is not None:
        return parse(text, run.lake.path(file))
    made = load(config.load) if config.load else _train(run)
    run.lake.storage.write_text(file, made.json)
    return made


def _train(run: StageContext) -> LoadedTokenizer:
    config = run.config.tokenizer
    version = run.lake.version("clean_documents")
    texts = sample(run.lake.read("clean_documents", version), config)
    run.reporter.event(
        "tokenizer_training",
        kind=config.kind,
        documents=len(texts),
        vocab_size=config.vocab_size,
        clean_documents=version,
    )
    trained = train(texts, config)
    del texts
    give_back()
    return trained
