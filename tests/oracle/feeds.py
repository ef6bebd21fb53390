"""The environment of the readers of exports: MosaicML Streaming, Hugging Face's datasets, Megatron-LM, litdata.

    python -m oracle.feeds        makes it, or does nothing

It is the environment of the feeds' benchmark (benchmarks/peers/feeds), of 5 GB, most of it torch.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.corpus import cache_folder
from benchmarks.environments import OFFLINE, made, present

NAME = "feeds"


def python() -> Path | None:
    """The environment's interpreter; None where it is absent."""
    return present(NAME, cache_folder())


def ask(work: Path, reader: str, *arguments: object, script: str = "open_exports.py") -> Any:
    """What a function of a script beside this file returns, as JSON gives it.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    answer = work / f"{reader}.json"
    command = [str(python()), "-I", str(Path(__file__).with_name(script)), str(answer), reader, *map(str, arguments)]
    settings = OFFLINE | {"HF_HOME": str(work / "hugging-face"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | settings, cwd=work)
    if done.returncode:
        raise RuntimeError(f"{reader} failed:\n{done.stderr[-3000:]}")
    return json.loads(answer.read_text())


if __name__ == "__main__":
    print(made(NAME, cache_folder()))
