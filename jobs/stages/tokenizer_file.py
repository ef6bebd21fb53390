"""The lake's tokenizer file: trained on its clean documents at first use, or copied from `tokenizer.load`.

A lake without documents trains it on both sides of its clean sentence pairs.
"""

from jobs.stages.context import StageContext
from pipelines.kernels.freed_memory import give_back
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri
from pipelines.tables import CLEAN_DOCUMENTS, CLEAN_PAIRS
from pipelines.tokenizer.load import LoadedTokenizer, load, parse
from pipelines.tokenizer.spark import sample, sides
from pipelines.tokenizer.train import train


def tokenizer(run: StageContext) -> LoadedTokenizer:
    """Reads `LAKE/tokenizers/<name>-<fingerprint of its settings>.json`; creates it when absent.

    New data is encoded with the existing tokenizer; other settings under `tokenizer` name another file. A file that
    `tokenizer.load` names may change, or go: then its copy follows, or stays.
    """
    config = run.config.tokenizer
    file = f"tokenizers/{config.name}-{config.fingerprint()}.json"
    text = run.lake.storage.read_text(file)
    if config.load and (text is None or _is_there(config.load)):
        found = load(config.load)
        if text != found.json:
            _keep(run, config.name, text)
            run.lake.storage.write_text(file, found.json)
        return found
    if text is not None:
        return parse(text, run.lake.path(file))
    made = _train(run)
    run.lake.storage.write_text(file, made.json)
    return made


def _is_there(location: str) -> bool:
    uri = LakeUri.parse(location)
    return files_of(uri).exists(str(uri))


def _keep(run: StageContext, name: str, replaced: str | None) -> None:
    """Keeps a tokenizer that is replaced under its own fingerprint: earlier versions of tables hold its ids."""
    if replaced is not None:
        old = parse(replaced)
        run.lake.storage.write_text(f"tokenizers/{name}-{old.fingerprint}.json", old.json)


def _train(run: StageContext) -> LoadedTokenizer:
    config, lake = run.config.tokenizer, run.lake
    of_pairs = lake.exists(CLEAN_PAIRS.name) and not lake.exists(CLEAN_DOCUMENTS.name)
    table = CLEAN_PAIRS.name if of_pairs else CLEAN_DOCUMENTS.name
    version = lake.version(table)
    rows = lake.read(table, version)
    texts = sample(sides(rows) if of_pairs else rows, config)
    run.reporter.event(
        "tokenizer_training",
        kind=config.kind,
        documents=len(texts),
        vocab_size=config.vocab_size,
        **{table: version},
    )
    trained = train(texts, config)
    del texts
    give_back()
    return trained
