"""Runs all stages over a folder again and again, and reads back what a lake delivers."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jobs.config import RunConfig
from jobs.invariants import check
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake


def text(topic: str, sentences: int = 6) -> str:
    """A short text of its own for every topic."""
    return " ".join(
        f"The {topic} of day {n} was seen by {n * 7 + len(topic)} people near the {topic}." for n in range(sentences)
    )


def line(content: str, **more: str) -> str:
    """A JSON line."""
    return json.dumps({"text": content, **more})


class Repeated:
    """One lake and its sources; every run ends with a check of all invariants."""

    def __init__(self, engine, root: Path) -> None:
        self.lake = Lake(str(root / "lake"), engine)
        self._engine = engine

    def run(self, *sources: Mapping[str, object], **sections: object) -> set[str]:
        """Runs all stages over the sources; returns the tables with a new version."""
        before = self.versions()
        run_stages(self._engine, self.config(*sources, **sections), Reporter())
        check(self.lake)
        return {name for name, version in self.versions().items() if before.get(name) != version} - {"runs"}

    def config(self, *sources: Mapping[str, object], **sections: object) -> RunConfig:
        """The configuration of `run`."""
        given = {
            "lake": self.lake.root,
            "sources": list(sources),
            "clean": {"policy": "none"},
            "tokenizer": {"vocab_size": 300},
            "pack": [{"length": 64}, {"name": "chunks", "length": 48, "strategy": "concat"}],
            **sections,
        }
        return RunConfig.model_validate(given)

    def versions(self) -> dict[str, int]:
        """Table -> version."""
        return {name: self.lake.version(name) for name in self.lake.tables()}

    def documents(self) -> dict[str, list[str]]:
        """Path of a file -> its texts, in order of position."""
        rows = self.lake.read("documents").orderBy("source", "path", "position").collect()
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row.path, []).append(row.text)
        return found

    def clean_texts(self) -> list[str]:
        """The texts of `clean_documents`, sorted."""
        return sorted(row.text for row in self.lake.read("clean_documents").collect())

    def packed_documents(self, table: str) -> dict[str, list[int]]:
        """doc_id -> its ids with the separator, joined from the pieces in a table of sequences.

        Fails if a piece is missing or there twice.
        """
        pieces: dict[str, dict[int, list[int]]] = {}
        for row in self.lake.read(table).collect():
            ids, place = np.frombuffer(row.ids, "<u2"), 0
            for doc_id, start, length in zip(row.doc_ids, row.doc_offsets, row.doc_lengths, strict=True):
                assert start not in pieces.setdefault(doc_id, {})
                pieces[doc_id][start] = ids[place : place + length].tolist()
                place += length
        whole: dict[str, list[int]] = {}
        for doc_id, parts in pieces.items():
            whole[doc_id] = []
            for start in sorted(parts):
                assert start == len(whole[doc_id])
                whole[doc_id] += parts[start]
        return whole

    def tokens(self) -> dict[str, list[int]]:
        """doc_id -> ids."""
        return {row.doc_id: np.frombuffer(row.ids, "<u2").tolist() for row in self.lake.read("tokens").collect()}
