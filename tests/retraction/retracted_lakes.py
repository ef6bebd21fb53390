"""Lakes with people's texts in them, retractions of these texts, and a search of every byte that is left."""

import json
from pathlib import Path

import pyarrow as pa

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.retraction.outcome import Outcome
from jobs.retraction.request import Note, now
from jobs.retraction.retraction import retract
from jobs.retraction.selection import Asked
from lake.lake import Lake
from lake.lock import exclusive

MARKER = "zwyxquandle"
"""A word that no other text has."""


def text(topic: str, sentences: int = 8) -> str:
    """A text of its own for every topic."""
    return " ".join(
        f"The {topic} of day {n} was seen by {n * 7 + len(topic)} people near it." for n in range(sentences)
    )


def secret(name: str = "anna", sentences: int = 8) -> str:
    """A text that holds the marker in every sentence."""
    return " ".join(
        f"On day {n} {name} {MARKER} walked {n * 3} miles along the {name} coast to see it." for n in range(sentences)
    )


class PeopleLake:
    """A lake over a folder of JSON lines and text files."""

    def __init__(self, engine, root: Path, **sections: object) -> None:
        self.engine, self.root = engine, root
        self.folder = root / "texts"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lake = Lake(str(root / "lake"), engine)
        self.sections = sections

    def write(self, name: str, *texts: str, **more: str) -> None:
        """A file of JSON lines, or of one text."""
        content = "".join(json.dumps({"text": each, **more}) + "\n" for each in texts)
        (self.folder / name).write_text(content if name.endswith("jsonl") else texts[0])

    def config(self, **sections: object) -> RunConfig:
        """All stages, with a small vocabulary and two packings."""
        return RunConfig.model_validate(
            {
                "lake": self.lake.root,
                "sources": [{"name": "texts", "path": str(self.folder), "url_column": "url"}],
                "clean": {"policy": "none"},
                "tokenizer": {"vocab_size": 400},
                "pack": [{"length": 64}, {"name": "chunks", "length": 48, "strategy": "concat"}],
                **self.sections,
                **sections,
            }
        )

    def run(self, **sections: object) -> int:
        """`tokenlake run`."""
        return run_stages(self.engine, self.config(**sections), Reporter())

    def read(self, **sections: object) -> int:
        """`tokenlake stage ingest`."""
        return run_stages(self.engine, self.config(**sections), Reporter(), ("ingest",), conclude=False)

    def retract(self, *doc_ids: str, **asked: object) -> Outcome:
        """`tokenlake retract`."""
        with exclusive(self.lake.root):
            return retract(self.lake, self.engine, Reporter(), Asked(doc_ids, **asked), Note("request 7", now()))

    def rows(self, table: str) -> list[dict]:
        """All rows of a table."""
        return self.lake.read(table).toArrow().to_pylist(maps_as_pydicts="strict")

    def ids(self, word: str, table: str = "documents") -> list[str]:
        """The documents whose text has a word, in order of their files and positions."""
        rows = [row for row in self.rows(table) if word in row["text"]]
        return [row["doc_id"] for row in sorted(rows, key=lambda row: (row.get("path", ""), row.get("position", 0)))]

    def versions(self) -> dict[str, int]:
        """Table -> version."""
        return {name: self.lake.version(name) for name in self.lake.tables()} | {"runs": 0}


def ids_of(*doc_ids: str) -> pa.Array:
    """Ids as an array."""
    return pa.array(doc_ids, pa.string())
