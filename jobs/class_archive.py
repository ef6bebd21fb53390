"""A class-data-sharing archive of the JVM: Spark's and Delta's classes parsed once, then mapped into memory.

It halves what a session and its first Delta write and read cost. Made once by `tokenlake doctor --install`, whose
training run also leaves the compiled kernels in numba's cache, and the tables of common languages beside them, so that
no run waits for a compiler.
"""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from jobs import jars, java

# A whole run over a page of text, so that the archive holds the classes that a run uses. It compiles the kernels too.
_TRAINING = """
import json, sys
from pathlib import Path
from jobs import session
from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from pipelines.words.spacy_words import COMMON_LANGUAGES, word_splitter
options, folder = sys.argv[1], Path(sys.argv[2])
text = " ".join(f"This is sentence number {n} of a page about the {n % 7} seas, and it ends here." for n in range(60))
lines = [json.dumps({"text": f"{text} Page {page // 2} it was."}) for page in range(8)]
(folder / "a.jsonl").write_text("\\n".join([*lines, "no json"]))
config = {
    "lake": str(folder / "lake"),
    "sources": [{"name": "page", "path": str(folder / "*.jsonl")}],
    "clean": {"policy": "none"},
    "tokenizer": {"vocab_size": 300},
    "pack": [{"length": 64, "heldout": 0.3}],
}
spark = session.build(archive=False, settings={"spark.driver.extraJavaOptions": options})
run_stages(spark, RunConfig.model_validate(config), Reporter())
(folder / "b.jsonl").write_text(lines[0] + "\\n" + json.dumps({"text": text * 2 + "new"}))
run_stages(spark, RunConfig.model_validate(config), Reporter())
spark.stop()
for language in COMMON_LANGUAGES:
    word_splitter(language)(["two words"])
"""


def path() -> Path:
    """Where the archive of this Java, Spark, these jars and this release lies, or would lie."""
    home = java.home()
    release = home / "release"
    parts = [str(home), release.read_text() if release.is_file() else "", sys.prefix]
    parts += [version(package) for package in ("pyspark", "tokenlake")]  # another release has other kernels to compile
    parts += [jar.sha256 for jar in jars.pinned()]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return jars.cache_folder().parent / "classes" / f"{digest}.jsa"


def options() -> str:
    """JVM options that use the archive; empty when it has not been made."""
    archive = path()
    return f"-Xshare:auto -XX:SharedArchiveFile={archive} -Xlog:disable" if archive.is_file() else ""


def install() -> Path | None:
    """Makes the archive unless it is there. Returns None when the JVM could not make one: nothing depends on it."""
    archive = path()
    if archive.is_file():
        return archive
    from tempfile import TemporaryDirectory

    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_suffix(f".{os.getpid()}")
    with TemporaryDirectory(prefix="tokenlake-classes-") as folder:
        command = [sys.executable, "-c", _TRAINING, f"-XX:ArchiveClassesAtExit={part} -Xlog:disable", folder]
        checkout = str(Path(__file__).resolve().parents[1])
        environment = {**os.environ, "PYTHONPATH": checkout, "TOKENLAKE_MASTER": "local[2]"}
        subprocess.run(command, capture_output=True, check=False, cwd=folder, env=environment)
    if not part.is_file():
        return None
    part.replace(archive)
    return archive
