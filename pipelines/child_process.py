"""Python processes that import what this one imports, and nothing that lies in the working directory."""

import os
import sys
from collections.abc import Mapping


def python(*arguments: str) -> list[str]:
    """The command that runs this interpreter; without `-P`, `-m` and `-c` would search the working directory first."""
    return [sys.executable, "-P", *arguments]


def environment(**more: str) -> Mapping[str, str]:
    """This process's environment, with its import path; an empty entry of that is the working directory."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}
