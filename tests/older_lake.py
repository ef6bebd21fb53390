"""A lake as commit 8d230ab made it, under contract 1, and the files it was made from.

It was made in three runs: a file came, then one changed. `notes.jsonl` kept 23 of its records, lost the others and got
a new one. `dangling.jsonl` could not be read.
"""

import gzip
import json
import zipfile
from pathlib import Path

import corpus

_ARCHIVE = Path(__file__).with_name("lake_of_contract_1.zip")


def unpack(folder: Path) -> str:
    """Unpacks the lake below a folder; returns its root."""
    with zipfile.ZipFile(_ARCHIVE) as archive:
        archive.extractall(folder)
    return str(folder / "lake")


def first_files(folder: Path) -> Path:
    """What the first run read."""
    corpus.make(folder, 20)
    (folder / "dangling.jsonl").symlink_to("nowhere")
    torn = gzip.compress("\n".join(json.dumps({"text": corpus.prose(500 + n)}) for n in range(20)).encode(), mtime=0)
    (folder / "torn.jsonl.gz").write_bytes(torn[: len(torn) // 2])  # the same bytes whenever they are made
    return folder


def more_files(folder: Path) -> Path:
    """What was there in the second run."""
    texts = [corpus.prose(2000), corpus.prose(3), corpus.near_copy(corpus.prose(3))]
    (folder / "more.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    return folder


def changed_files(folder: Path) -> Path:
    """What was there in the third run."""
    lines = (folder / "notes.jsonl").read_text().splitlines()[:23]
    (folder / "notes.jsonl").write_text("\n".join([*lines, json.dumps({"text": corpus.prose(2001)})]) + "\n")
    return folder
