"""datatrove 0.10.1, each step as its own examples run it.

    peer.py extraction|rules|clean|minhash|tokenize|chain --input FOLDER --output FOLDER --cores N
            [--limit N] [--tokenizer FILE] [--language-model FILE]

Imports are over before the clock starts. Input of `extraction` and `chain` is web archives, of the others JSON lines.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.readers import JsonlReader, WarcReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.logging import logger

from benchmarks.clock import Clock

SECONDS_PER_PAGE = 10  # as our readers; its own default of 1 s is passed by starting the child on a busy machine
END_OF_TEXT = "<|endoftext|>"
CONFIG = MinhashConfig(num_buckets=14, hashes_per_bucket=8, n_grams=5)


class LocalLanguageFilter(LanguageFilter):
    """datatrove's filter with a model file that is here: its own it would download."""

    def __init__(self, model: str) -> None:
        super().__init__(languages=None, language_threshold=0.65)
        self._model_file = model

    def filter(self, doc: Document) -> bool:
        if self.model._model is None:
            from fasttext.FastText import _FastText

            self.model._model = _FastText(self._model_file)
        return super().filter(doc)


def rule_filters() -> list:
    """The four rule sets of FineWeb, in its order and with its one setting that is not a default."""
    return [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
    ]


def execute(pipeline: list, tasks: int, cores: int, logs: Path) -> None:
    LocalPipelineExecutor(pipeline, tasks=tasks, workers=cores, logging_dir=str(logs)).run()


def extraction(options: argparse.Namespace, clock: Clock) -> None:
    """Web archives to text, one process and the child process that datatrove extracts in."""
    import trafilatura  # noqa: F401  the child process inherits it

    read = 0

    def counted() -> Iterator[Document]:
        nonlocal read
        for document in WarcReader(str(options.input), limit=options.limit).run():
            read += 1
            yield document

    with clock.measure("extraction") as done:
        done["texts"] = sum(1 for _ in Trafilatura(timeout=SECONDS_PER_PAGE).run(counted()))
        done["documents"] = read


def rules(options: argparse.Namespace, clock: Clock) -> None:
    """The four filters one after the other on texts in memory, as in a pipeline: a dropped document goes no further.

    `first` is a new process, `warm` the same one on other documents, `every` all four filters on each of those.
    """
    slices = [
        [json.loads(line)["text"] for line in islice(file.open(encoding="utf-8"), options.limit)]
        for file in sorted(options.input.glob("*.jsonl"))[:2]
    ]
    filters = rule_filters()
    for name, texts in (("first", slices[0]), ("warm", slices[1])):
        with clock.measure(name, documents=len(texts)) as done:
            done["kept"] = sum(
                all(rule_set.filter(document) is True for rule_set in filters)
                for document in (Document(text=text, id="") for text in texts)
            )
    with clock.measure("every", documents=len(slices[1])):
        for text in slices[1]:
            document = Document(text=text, id="")
            for rule_set in filters:
                rule_set.filter(document)


def clean(options: argparse.Namespace, clock: Clock) -> None:
    """JSON lines to JSON lines through the four filters."""
    reader = JsonlReader(str(options.input), limit=options.limit)
    writer = JsonlWriter(str(options.output / "kept"), compression=None)
    with clock.measure("clean"):
        execute([reader, *rule_filters(), writer], options.cores, options.cores, options.output / "logs")


def through_every_filter(documents: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
    """All four filters on each document, whatever they say of it."""
    filters = rule_filters()
    for document in documents:
        for rule_set in filters:
            rule_set.filter(document)
        yield document


def clean_every(options: argparse.Namespace, clock: Clock) -> None:
    """JSON lines to JSON lines, every document through all four filters."""
    reader = JsonlReader(str(options.input), limit=options.limit)
    writer = JsonlWriter(str(options.output / "cleaned"), compression=None)
    with clock.measure("clean_every") as done:
        execute([reader, through_every_filter, writer], options.cores, options.cores, options.output / "logs")
        done["documents"] = count_results(options.output)["cleaned"]


def minhash(options: argparse.Namespace, clock: Clock) -> None:
    """The four stages of MinHash; the last reads the text again and writes what stays."""
    with clock.measure("minhash"):
        _minhash(options, JsonlReader(str(options.input), limit=options.limit))


def _minhash(options: argparse.Namespace, reader: JsonlReader) -> None:
    signatures, buckets, removed = (str(options.output / name) for name in ("signatures", "buckets", "removed"))
    logs, cores = options.output / "logs", options.cores
    execute([reader, MinhashDedupSignature(signatures, config=CONFIG)], cores, cores, logs / "1")
    execute([MinhashDedupBuckets(signatures, buckets, config=CONFIG)], CONFIG.num_buckets, cores, logs / "2")
    execute([MinhashDedupCluster(buckets, removed, config=CONFIG)], 1, 1, logs / "3")
    writer = JsonlWriter(str(options.output / "deduplicated"), compression=None)
    execute([reader, MinhashDedupFilter(removed), writer], cores, cores, logs / "4")


def tokenize(options: argparse.Namespace, clock: Clock) -> None:
    """JSON lines to files of shuffled token ids."""
    with clock.measure("tokenize"):
        _tokenize(options, options.input)


def _tokenize(options: argparse.Namespace, texts: Path) -> None:
    reader = JsonlReader(str(texts))
    writer = DocumentTokenizer(str(options.output / "tokens"), str(options.tokenizer), eos_token=END_OF_TEXT)
    execute([reader, writer], options.cores, options.cores, options.output / "logs" / "tokens")


def chain(options: argparse.Namespace, clock: Clock) -> None:
    """Web archives to token ids: extraction, language, rules, MinHash, tokens."""
    filters = [LocalLanguageFilter(str(options.language_model)), *rule_filters()]
    cleaned = options.output / "cleaned"
    with clock.measure("chain"):
        reader = WarcReader(str(options.input), limit=options.limit)
        writer = JsonlWriter(str(cleaned), compression=None)
        extractor = Trafilatura(timeout=SECONDS_PER_PAGE)
        execute([reader, extractor, *filters, writer], options.cores, options.cores, options.output / "logs" / "0")
        _minhash(options, JsonlReader(str(cleaned)))
        _tokenize(options, options.output / "deduplicated")


def count_results(output: Path) -> dict[str, int]:
    """What lies in the output folder: documents of each kind, and tokens."""
    found = {}
    for name in ("kept", "cleaned", "deduplicated"):
        files = list((output / name).glob("*.jsonl"))
        if files:
            found[name] = sum(1 for file in files for _ in file.open("rb"))
    metadata = list((output / "tokens").glob("*_shuffled.ds.metadata"))
    if metadata:
        found["tokens"] = sum(int(file.read_text().splitlines()[1]) for file in metadata)
    return found


STEPS = {step.__name__: step for step in (extraction, rules, clean, clean_every, minhash, tokenize, chain)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=list(STEPS))
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--limit", type=int, default=-1, help="documents of each task")
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--language-model", type=Path)
    options = parser.parse_args()
    logger.remove()  # its lines cost time
    shutil.rmtree(options.output, ignore_errors=True)
    clock = Clock("datatrove", "spacy", "trafilatura", "tokenizers", "fasttext-numpy2-wheel")
    STEPS[options.step](options, clock)
    with clock.measure("results") as results:
        results.update(count_results(options.output))
    clock.say()


if __name__ == "__main__":
    main()
