"""Compiles kernels and builds word tables ahead of the first run, which would otherwise wait for them."""

import json
import struct
from io import StringIO
from pathlib import Path
from typing import Any

from jobs.engine.base import Engine

_SENTENCES = " ".join(
    f"This is sentence number {n} of a page about the {n % 7} seas, and it ends here." for n in range(60)
)

# Keeps every document, and removes what is found in it, so that every kernel has work.
_POLICY = """
extends: none
order: [decontamination]
rewrite: [decontamination]
rules: {decontamination: {max_fraction: 1.0, max_passages: 1000}}
passages: {sentences: true, paragraphs: true, boilerplate: true, boilerplate_pages: 2, min_words: 0, min_sentences: 0}
"""


def rehearse(engine: Engine, folder: str | Path, all_steps: bool = False) -> None:
    """Runs all stages over a few pages, then again with new input; stops the engine afterwards.

    `all_steps` includes those that few configurations ask for.
    """
    from jobs.config import RunConfig
    from jobs.pipeline import run_stages
    from jobs.progress import Reporter

    folder = Path(folder)
    lines = [json.dumps({"text": f"{_SENTENCES} Page {page // 2} it was."}) for page in range(8)]
    (folder / "a.jsonl").write_text("\n".join([*lines, "no json"]))
    config = RunConfig.model_validate(
        {
            "lake": str(folder / "lake"),
            "sources": [{"name": "page", "path": str(folder / "*.jsonl")}],
            "clean": {"policy": "none"},
            "tokenizer": {"vocab_size": 300},
            "pack": [{"length": 64, "heldout": 0.3}],
            **(_further_steps(folder) if all_steps else {}),
        }
    )
    try:
        quiet = Reporter(stream=StringIO())
        run_stages(engine, config, quiet)
        (folder / "b.jsonl").write_text(lines[0] + "\n" + json.dumps({"text": _SENTENCES * 2 + "new"}))
        run_stages(engine, config, quiet)
    finally:
        engine.stop()


def _further_steps(folder: Path) -> dict[str, Any]:
    """Sections of a configuration; writes the files that they name."""
    from pipelines.language.identification import packaged_model

    (folder / "benchmark.txt").write_text(_SENTENCES[:200])
    (folder / "policy.yaml").write_text(_POLICY)
    (folder / "model.bin").write_bytes(_classifier())
    (folder / "pairs.tsv").write_text("A sentence.\tEin Satz.\n")
    classifiers = [
        {"name": "mapped", "model": str(folder / "model.bin"), "label": "__label__a"},
        {"name": "decoded", "model": str(packaged_model()), "label": "__label__en"},
    ]
    return {
        "clean": {"policy": str(folder / "policy.yaml"), "measure": {"classifiers": classifiers}},
        "decontaminate": {"benchmarks": [{"name": "quiz", "path": str(folder / "benchmark.txt")}]},
        "pairs": {"sources": [{"name": "pairs", "path": str(folder / "pairs.tsv"), "languages": ["en", "de"]}]},
        "dedup": {"passages": {"sentences": {}, "paragraphs": {}, "boilerplate": {}}},
        "tokenizer": {"vocab_size": 300, "special_tokens": ["<|endoftext|>", "[CLS]", "[SEP]", "[MASK]"]},
        "masked": [{"length": 64, "heldout": 0.3}],
    }


def _classifier() -> bytes:
    """The smallest fastText classifier (the format is that of `pipelines.language.fasttext_model`): one label."""
    header = struct.pack("<ii12id", 793712314, 12, 2, 5, 5, 1, 5, 1, 3, 3, 0, 0, 0, 100, 1e-4)
    entries = b"This" + struct.pack("<bqb", 0, 1, 0) + b"__label__a" + struct.pack("<bqb", 0, 1, 1)
    matrix = struct.pack("<?qq2f", False, 1, 2, 1.0, 1.0)
    return header + struct.pack("<iiiqq", 2, 1, 1, 1, -1) + entries + matrix * 2


def compile_kernels(all_steps: bool = False) -> None:
    """Fills numba's cache with the kernels of the usual steps, or of all, and stores word tables of common languages.

    Skips what is cached already.
    """
    from tempfile import TemporaryDirectory

    from jobs.engine.sail import SailEngine
    from pipelines.words.spacy_words import COMMON_LANGUAGES
    from pipelines.words.splitter import word_splitter

    with TemporaryDirectory(prefix="tokenlake-first-run-") as folder:
        rehearse(SailEngine(), folder, all_steps)
    for language in COMMON_LANGUAGES:
        word_splitter(language)(["two words"])
