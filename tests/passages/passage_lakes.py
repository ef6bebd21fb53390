"""Lakes of a few documents whose passages are compared, and what their tables hold."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from jobs.config import RunConfig
from jobs.engine.base import Engine
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake

STAGES = ("ingest", "clean", "dedup")
ALL_KINDS: Mapping[str, Any] = {"sentences": {"window": 2}, "paragraphs": {}, "boilerplate": {}}
EASY = {"min_words": 0, "min_sentences": 0, "paragraph_words": 0, "boilerplate_pages": 3}
"""Thresholds that suit texts of a few words."""


class Collection:
    """A folder of documents, one file for each group of them, and the lake made from it."""

    def __init__(
        self, engine: Engine, folder: Path, passages: Mapping[str, Any] = ALL_KINDS, **thresholds: Any
    ) -> None:
        self.engine, self.folder = engine, folder
        self.passages, self.thresholds = dict(passages), {**EASY, **thresholds}
        self.rewrite: list[str] = []
        self.benchmark = ""  # a line for each item
        (folder / "in").mkdir(parents=True, exist_ok=True)

    def write(self, file: str, documents: Mapping[str, str]) -> None:
        """Puts documents in a file: address -> text."""
        lines = [json.dumps({"url": url, "text": text}) for url, text in documents.items()]
        (self.folder / "in" / f"{file}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")

    def leave(self, file: str) -> None:
        """Takes a file's documents away."""
        (self.folder / "in" / f"{file}.jsonl").unlink()

    def run(self, stages: Any = STAGES, engine: Engine | None = None, conclude: bool = False) -> Lake:
        """Brings the lake up to date."""
        policy = self.folder / "policy.yaml"
        policy.write_text(yaml.safe_dump({"order": [], "rewrite": self.rewrite, "passages": self.thresholds}), "utf-8")
        (self.folder / "benchmark.txt").write_text(self.benchmark, "utf-8")
        benchmarks = [{"name": "exam", "path": str(self.folder / "benchmark.txt")}] if self.benchmark else []
        config = RunConfig.model_validate(
            {
                "lake": str(self.folder / "lake"),
                "sources": [{"name": "pages", "path": str(self.folder / "in"), "url_column": "url"}],
                "clean": {"policy": str(policy)},
                "dedup": {"minhash": None, "passages": self.passages},
                "decontaminate": {"benchmarks": benchmarks},
                "tokenizer": {"vocab_size": 300},
                "pack": [{"length": 64}],
            }
        )
        runs_on = engine or self.engine
        assert run_stages(runs_on, config, Reporter(stream=io.StringIO()), stages, conclude=conclude) == 0
        return Lake(config.lake, runs_on)


def by_address(lake: Lake, table: str) -> dict[str, dict[str, Any]]:
    """address -> row of a table."""
    addresses = {row.doc_id: row.meta["url"] for row in lake.read("documents").select("doc_id", "meta").collect()}
    return {addresses[row["doc_id"]]: row for row in lake.read(table).toArrow().to_pylist(maps_as_pydicts="strict")}


def texts(lake: Lake) -> dict[str, str]:
    """address -> text of the clean document."""
    return {address: row["text"] for address, row in by_address(lake, "clean_documents").items()}
