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
    interpreter = _interpreter(name, folder, cache) if (folder / "requirements.txt").exists() else sys.executable
    return run([interpreter, folder / script, *arguments], cores, OFFLINE)


def ours(script: str, cores: int, *arguments: object) -> Finished:
    """Runs a script of ours in this environment.

    Raises:
        FailedError: the script fails.
    """
    return run([sys.executable, REPOSITORY / "benchmarks" / "ours" / script, *arguments], cores)


def _interpreter(name: str, folder: Path, cache: Path) -> Path:
    environment = cache / "environments" / name
    made = environment / ".requirements"  # a copy of what the environment was made from
    wanted = (folder / "requirements.txt").read_text()
    if not made.exists() or made.read_text() != wanted:
        print(f"making the environment of {name}", flush=True)
        uv = shutil.which("uv") or REPOSITORY / ".tools" / "bin" / "uv"  # where `make setup` puts it
        run([uv, "venv", "--quiet", "--clear", "--python", PYTHON, environment], cores=1)
        # --no-deps: the file is complete, and leaves out what a peer names but does not need here
        install = [uv, "pip", "install", "--quiet", "--no-deps", "--compile-bytecode", "--python"]
        run([*install, environment / "bin" / "python", "-r", folder / "requirements.txt"], cores=64)
        made.write_text(wanted)
    return environment / "bin" / "python"
