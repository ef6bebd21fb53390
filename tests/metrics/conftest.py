"""Copies of a complete lake, and what `tokenlake metrics` says about them."""

import shutil
from collections.abc import Callable

import pytest

from jobs import cli


@pytest.fixture
def copy(lake, tmp_path):
    """A lake that a test may change."""
    return str(shutil.copytree(lake, tmp_path / "lake"))


@pytest.fixture
def said(capsys) -> Callable[..., str]:
    """Runs `tokenlake metrics LAKE …`, which must succeed, and returns what it printed."""

    def run(lake: str, *arguments: str) -> str:
        capsys.readouterr()
        assert cli.main(["metrics", lake, *arguments]) == 0
        return str(capsys.readouterr().out)

    return run
