"""Small file systems of their own, which can be full or read-only."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _mount(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)


@contextmanager
def small(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs at `folder`; the test is skipped where nothing may be mounted."""
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    done = _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        for _ in range(50):  # a JVM that ends may still hold a file
            if subprocess.run(["umount", folder], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.2)


def change(folder: Path, options: str) -> None:
    """Another size, or `ro`, or `rw`."""
    done = _mount("-o", f"remount,{options}", folder)
    assert done.returncode == 0, done.stderr
