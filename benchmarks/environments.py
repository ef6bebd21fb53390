"""The peers' environments: one each, made by uv from pinned requirements, and the commands that run in them."""

import shutil
import sys
from pathlib import Path

from benchmarks.process import REPOSITORY, Finished, run

PYTHON = "3.11"  # of the peers that pin what newer versions cannot build
# A measured peer neither downloads nor reports anything.
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "DO_NOT_TRACK": "true", "DAFT_PROGRESS_BAR": "0"}


def peer(name: str, script: str, cache: Path, cores: int, *arguments: object) -> Finished:
    """Runs a peer's script in its environment, which is made first where it is missing.

    Raises:
        FailedError: the environment cannot be made, or the script fails.
    """
    folder = REPOSITORY / "benchmarks" / "peers" / name
    interpreter = made(name, cache) if (folder / "requirements.txt").exists() else sys.executable
    return run([interpreter, folder / script, *arguments], cores, OFFLINE)


def ours(script: str, cores: int, *arguments: object) -> Finished:
    """Runs a script of ours in this environment.

    Raises:
        FailedError: the script fails.
    """
    return run([sys.executable, REPOSITORY / "benchmarks" / "ours" / script, *arguments], cores)


def present(name: str, cache: Path) -> Path | None:
    """The interpreter of a peer's environment; None where it is missing, or was made from other requirements."""
    environment = cache / "environments" / name
    kept, wanted = environment / ".requirements", _requirements(name).read_text()  # a copy of what it was made from
    return environment / "bin" / "python" if kept.exists() and kept.read_text() == wanted else None


def made(name: str, cache: Path) -> Path:
    """The interpreter of a peer's environment, which is made first where it is missing.

    Raises:
        FailedError: the environment cannot be made.
    """
    environment = cache / "environments" / name
    if present(name, cache) is None:
        print(f"making the environment of {name}", flush=True)
        uv = shutil.which("uv") or REPOSITORY / ".tools" / "bin" / "uv"  # where `make setup` puts it
        run([uv, "venv", "--quiet", "--clear", "--python", PYTHON, environment], cores=1)
        # --no-deps: the file is complete, and leaves out what a peer names but does not need here
        install = [uv, "pip", "install", "--quiet", "--no-deps", "--compile-bytecode", "--python"]
        run([*install, environment / "bin" / "python", "-r", _requirements(name)], cores=64)
        (environment / ".requirements").write_text(_requirements(name).read_text())
    return environment / "bin" / "python"


def _requirements(name: str) -> Path:
    return REPOSITORY / "benchmarks" / "peers" / name / "requirements.txt"
