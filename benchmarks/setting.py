"""What the benchmarks of one run share: corpus, folders, cores, sizes, and inputs and lakes made once."""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from benchmarks.corpus import PARTS
from benchmarks.lakes import RULES, Command, Lake, policy


@dataclass(frozen=True)
class Sizes:
    """Documents of the slices that slow peers are measured on, and how often short measurements are repeated."""

    kernel: int
    extraction: int
    small: int
    chain_parts: int
    repetitions: int


SIZES = {
    "trial": Sizes(kernel=20, extraction=10, small=100, chain_parts=2, repetitions=1),
    "quick": Sizes(kernel=500, extraction=500, small=1_250, chain_parts=2, repetitions=3),
    "full": Sizes(kernel=2_000, extraction=2_000, small=10_000, chain_parts=2, repetitions=3),
}


@dataclass(frozen=True)
class Setting:
    """One run of the suite."""

    profile: str
    corpus: Path
    cache: Path
    work: Path
    cores: int

    @property
    def sizes(self) -> Sizes:
        return SIZES[self.profile]

    def archives(self, parts: int) -> Path:
        """A folder with the first web archives; part n of the corpus is a fair sample of it."""
        folder = self.work / f"warc-{parts}"
        if not folder.exists():
            folder.mkdir(parents=True)
            for file in sorted((self.corpus / "warc").glob("*.warc.gz"))[:parts]:
                shutil.copyfile(file, folder / file.name)
        return folder

    def texts(self, documents: int | None = None) -> Path:
        """The folder of the JSON lines, or one with the first lines of each file."""
        whole = self.corpus / "text"
        if documents is None:
            return whole
        folder = self.work / f"text-{documents}"
        if not folder.exists():
            folder.mkdir(parents=True)
            for file in sorted(whole.glob("*.jsonl")):
                with file.open("rb") as lines, (folder / file.name).open("wb") as head:
                    head.writelines(islice(lines, -(-documents // PARTS)))
        return folder

    def lake(self, name: str) -> Lake:
        return Lake(self.work / name, self.cores)

    def rules(self, *before: str) -> str:
        """The policy of the four rule sets, and those named before them; a language is any, if it is certain."""
        return policy(self.work, *before, *RULES, language={"wanted": None, "min_score": 0.65})


def each_further(documents: int, seconds: float, fewer: int, fewer_seconds: float) -> float | None:
    """Documents per second of what comes on top of a smaller run: what a growing corpus approaches.

    None where the two runs took about as long, so that the difference would be noise.
    """
    return (documents - fewer) / (seconds - fewer_seconds) if seconds > 1.15 * fewer_seconds else None


def count_lines(folder: Path) -> int:
    """Documents in a folder of JSON lines."""
    return sum(1 for file in folder.glob("*.jsonl") for _ in file.open("rb"))


@cache
def ingested(setting: Setting, documents: int | None = None) -> Lake:
    """A lake whose documents are the JSON lines."""
    name = f"ingested-{documents or 'all'}"
    lake = setting.lake(name).configure(sources=[_source(setting, documents)])
    shutil.rmtree(lake.root, ignore_errors=True)
    lake.stage("ingest")
    return lake


def _source(setting: Setting, documents: int | None) -> dict[str, str]:
    return {"name": "texts", "path": str(setting.texts(documents) / "*.jsonl"), "url_column": "url"}


@cache
def cleaned(setting: Setting, documents: int | None = None) -> tuple[Lake, Command]:
    """The ingested lake after stage `clean` with the four rule sets, and what the stage took."""
    lake = ingested(setting, documents).copy(f"cleaned-{documents or 'all'}")
    lake.configure(sources=[_source(setting, documents)], clean={"policy": setting.rules()})
    return lake, lake.stage("clean")


@cache
def all_kept(setting: Setting, documents: int | None = None) -> Lake:
    """A lake in which the rules kept every document: what MinHash is measured on."""
    source = cleaned(setting)[0] if documents is None else ingested(setting, documents)
    lake = source.copy(f"kept-{documents or 'all'}")
    lake.configure(sources=[_source(setting, documents)], clean={"policy": "none"})
    lake.stage("clean")
    return lake


@cache
def tokenizer(setting: Setting) -> Path:
    """A byte-level BPE of 32,768 tokens, trained on the beginning of the corpus; trained once and kept beside it."""
    file = setting.corpus / "tokenizer.json"
    if not file.exists():
        from pipelines.tokenizer.config import TokenizerConfig
        from pipelines.tokenizer.train import train

        os.environ["TOKENIZERS_PARALLELISM"] = "true"
        parts = sorted(setting.texts().glob("*.jsonl"))
        lines = (json.loads(line)["text"] for part in parts for line in islice(part.open(encoding="utf-8"), 500))
        file.write_text(train(lines, TokenizerConfig(vocab_size=32_768)).json)
    return file
