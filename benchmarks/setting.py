"""What the benchmarks of one run share: corpora, folders, cores, engines, sizes, and inputs and lakes made once."""

import json
import os
import shutil
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from benchmarks.corpus import DOCUMENTS, PARTS
from benchmarks.lakes import RULES, Command, Lake, policy
from benchmarks.process import Finished
from benchmarks.results import Run


@dataclass(frozen=True)
class Samples:
    """Documents of the slices that slow peers are measured on in memory, and how often that is repeated."""

    kernel: int
    extraction: int
    repetitions: int


SAMPLES = {
    "trial": Samples(kernel=20, extraction=10, repetitions=1),
    "quick": Samples(kernel=500, extraction=500, repetitions=3),
    "full": Samples(kernel=2_000, extraction=2_000, repetitions=3),
}
# Pages of the whole commands.
SIZES = {"trial": (100, 400), "quick": (1_250, 5_000), "full": (1_250, 5_000, 36_000)}


@dataclass(frozen=True)
class Setting:
    """One run of the suite."""

    profile: str
    cache: Path
    work: Path
    cores: int
    engines: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def samples(self) -> Samples:
        return SAMPLES[self.profile]

    @property
    def corpus(self) -> Path:
        """The profile's own corpus."""
        return self.cache / self.profile

    @property
    def engine(self) -> str:
        """The engine that others are compared with, and that prepares lakes."""
        return self.engines[0]

    def engines_at(self, size: int) -> tuple[str, ...]:
        """The engines to measure at a size: in the quick profile, all of them at the largest only."""
        return self.engines if self.profile != "quick" or size == self.sizes[-1] else self.engines[:1]

    def archives(self, size: int) -> Path:
        """A folder with the web archives of so many pages."""
        return self._parts("warc", size)

    def texts(self, size: int) -> Path:
        """A folder with the JSON lines of the same pages, without those that have no text."""
        return self._parts("text", size)

    def _parts(self, kind: str, size: int) -> Path:
        """Part n of a corpus is a fair sample of it, so its first parts are a smaller corpus."""
        profile, parts = corpus_of(size)
        whole = self.cache / profile / kind
        if parts == PARTS:
            return whole
        folder = self.work / f"{kind}-{size}"
        if not folder.exists():
            folder.mkdir(parents=True)
            for file in sorted(file for file in whole.iterdir() if not file.name.startswith("."))[:parts]:
                shutil.copyfile(file, folder / file.name)
        return folder

    def lake(self, name: str, engine: str | None = None) -> Lake:
        return Lake(self.work / name, self.cores, engine or self.engine)

    def rules(self, *before: str) -> str:
        """The policy of the four rule sets, and those named before them; a language is any, if it is certain."""
        return policy(self.work, *before, *RULES, language={"wanted": None, "min_score": 0.65})


def corpus_of(size: int) -> tuple[str, int]:
    """The smallest corpus whose first parts have so many pages, and how many parts.

    Raises:
        ValueError: there is none.
    """
    for profile, documents in sorted(DOCUMENTS.items(), key=lambda entry: entry[1]):
        parts, rest = divmod(size * PARTS, documents)
        if not rest and 1 <= parts <= PARTS:
            return profile, parts
    raise ValueError(
        f"{size} pages: no whole number of eighths of a corpus ({', '.join(map(str, DOCUMENTS.values()))})"
    )


def count_lines(folder: Path) -> int:
    """Documents in a folder of JSON lines."""
    return sum(1 for file in folder.glob("*.jsonl") for _ in file.open("rb"))


def our_run(group: str, engine: str, command: Command, rows_in: int, rows_out: int, stage: str = "") -> Run:
    """A command of ours as a line of a table; with a stage, its seconds are the work alone."""
    inner = command.stages[stage] if stage else None
    took = (command.seconds, command.cpu_seconds, command.peak_mb)
    return Run(group, f"tokenlake, {engine}", *took, rows_in, rows_out, inner, ours=True)


def peer_run(group: str, who: str, finished: Finished, inner: float, rows_in: int, rows_out: int) -> Run:
    """A peer's command as a line of a table."""
    return Run(group, who, finished.seconds, finished.cpu_seconds, finished.peak_mb, rows_in, rows_out, inner)


def _source(setting: Setting, size: int) -> dict[str, str]:
    return {"name": "texts", "path": str(setting.texts(size) / "*.jsonl"), "url_column": "url"}


@cache
def ingested(setting: Setting, size: int) -> Lake:
    """A lake whose documents are the JSON lines."""
    lake = setting.lake(f"ingested-{size}").configure(sources=[_source(setting, size)])
    shutil.rmtree(lake.root, ignore_errors=True)
    lake.stage("ingest")
    return lake


@cache
def all_kept(setting: Setting, size: int) -> Lake:
    """A lake in which the rules kept every document: what MinHash is measured on."""
    lake = ingested(setting, size).copy(f"kept-{size}")
    lake.configure(sources=[_source(setting, size)], clean={"policy": "none"})
    lake.stage("clean")
    return lake


@cache
def hundred(setting: Setting) -> Path:
    """A folder with the JSON lines of a hundred documents, from all parts of the smallest corpus."""
    folder = setting.work / "text-hundred"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line for file in sorted(setting.texts(setting.sizes[0]).glob("*.jsonl")) for line in file.open("rb")]
    (folder / "hundred.jsonl").write_bytes(b"".join(lines[:: max(1, len(lines) // 100)][:100]))
    return folder


@cache
def tokenizer(setting: Setting) -> Path:
    """A byte-level BPE of 32,768 tokens, trained on the beginning of the corpus; trained once and kept beside it."""
    file = setting.corpus / "tokenizer.json"
    if not file.exists():
        from pipelines.tokenizer.config import TokenizerConfig
        from pipelines.tokenizer.train import train

        os.environ["TOKENIZERS_PARALLELISM"] = "true"
        parts = sorted((setting.corpus / "text").glob("*.jsonl"))
        lines = (json.loads(line)["text"] for part in parts for line in islice(part.open(encoding="utf-8"), 500))
        file.write_text(train(lines, TokenizerConfig(vocab_size=32_768)).json)
    return file
