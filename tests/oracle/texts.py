"""Documents of the benchmarks' corpus, by language."""

import json
from pathlib import Path
from typing import Any

from benchmarks.corpus import cache_folder

# code of lid.176 and of this project -> code of datatrove
LANGUAGES = {"en": "eng", "de": "deu", "fr": "fra", "es": "spa"}


def folder(profile: str) -> Path:
    return cache_folder() / profile


def manifest(profile: str) -> dict[str, Any]:
    """What benchmarks/corpus.py says of the corpus it made.

    Raises:
        FileNotFoundError: the corpus is not there; with the command that makes it.
    """
    file = folder(profile) / "manifest.json"
    if not file.exists():
        raise FileNotFoundError(f"{file}: no corpus; make it with: python -m benchmarks.corpus --profile {profile}")
    about: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return about


def files(profile: str) -> list[Path]:
    """The JSON lines, in order."""
    return sorted((folder(profile) / "text").glob("*.jsonl"))


def documents(profile: str, language: str | None = None, limit: int | None = None) -> dict[str, str]:
    """id -> text: the corpus's first `limit` documents in a language, or in any."""
    found: dict[str, str] = {}
    for file in files(profile):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if language in (None, row["language"]):
                    found[row["id"]] = row["text"]
                    if len(found) == limit:
                        return found
    return found
