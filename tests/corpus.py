"""A small corpus of real text, made from the interpreter's help topics, with every kind of trouble in it."""

import gzip
import json
import random
from pathlib import Path
from pydoc_data import topics

from jobs.config import RunConfig

PARAGRAPHS = [
    " ".join(paragraph.split())
    for name in sorted(topics.topics)
    for paragraph in topics.topics[name].split("\n\n")
    if len(paragraph.split()) >= 40
]


def make(folder: Path, documents: int = 120, first: int = 0) -> Path:
    """Writes a corpus of five files and returns its folder.

    `notes.jsonl` has prose (three paragraphs each), exact copies, near copies, a bad line, a line without text and an
    empty text; beside it are a truncated gzip file, HTML, plain text in Latin-1, and a file that nobody can read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = [prose(first + number) for number in range(documents)]
    texts += [texts[number] for number in range(0, documents, 10)]
    texts += [near_copy(texts[number]) for number in range(5, documents, 10)]
    lines = [json.dumps({"text": text, "url": f"https://example.org/{n}"}) for n, text in enumerate(texts)]
    lines += ['{"text": "cut off', '{"body": "no text"}', '{"text": "   "}']
    (folder / "notes.jsonl").write_text("\n".join(lines) + "\n")
    whole = gzip.compress("\n".join(json.dumps({"text": prose(first + 500 + n)}) for n in range(20)).encode())
    (folder / "torn.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    body = "".join(f"<p>{paragraph}</p>" for paragraph in prose(first + 900).split("\n"))
    (folder / "page.html").write_text(
        f"<html><head><title>A page</title></head><body><main>{body}</main></body></html>"
    )
    latin = prose(first + 901).encode("latin-1", "ignore").decode("latin-1")
    mail = f"Please write to anna.schmidt@example.com or call.\n{latin}\nCafé, naïve, déjà vu."
    (folder / "mail.txt").write_bytes(mail.encode("latin-1"))
    (folder / "picture.bin").write_bytes(bytes(range(256)) * 4)
    return folder


def config(lake: str, folder: Path) -> RunConfig:
    """All stages over a corpus, with a small vocabulary and short sequences."""
    return RunConfig.model_validate(
        {
            "lake": lake,
            "sources": [{"name": "corpus", "path": str(folder), "url_column": "url"}],
            "clean": {"policy": "technical"},
            "tokenizer": {"name": "test", "vocab_size": 1000},
            "pack": [
                {"name": "causal", "length": 128, "heldout": 0.1},
                {"name": "chunks", "length": 64, "strategy": "concat", "heldout": 0},
            ],
        }
    )


def prose(number: int) -> str:
    """Three paragraphs, other ones for every number."""
    chosen = random.Random(number).sample(PARAGRAPHS, 3)
    return (
        "\n".join(f"{paragraph.rstrip('.:')}." for paragraph in chosen)
        + f"\nThis was note number {number}, as it was kept."
    )


def near_copy(text: str) -> str:
    """The text with its last words changed: similar enough to be a duplicate, not equal."""
    return text + " It was copied by hand."
