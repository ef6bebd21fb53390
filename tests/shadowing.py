"""A working directory with a user's file for the name of every module and package that there is."""

import sys
from importlib.metadata import packages_distributions
from pathlib import Path


def fill(folder: Path) -> Path:
    """Each file raises a SystemError when it is imported."""
    for name in {*sys.stdlib_module_names, *packages_distributions(), "jobs", "lake", "pipelines"}:
        if name.isidentifier():
            (folder / f"{name}.py").write_text(f'raise SystemError("{name}.py of the working directory was imported")')
    return folder
