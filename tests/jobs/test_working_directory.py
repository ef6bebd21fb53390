"""A user's files in the working directory are never imported, whatever they are called."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import shadowing
import yaml

from jobs import cli

PROJECT = Path(cli.__file__).parents[1]
ENTRY = "from jobs.__main__ import command; command()"  # what the script `tokenlake` holds
HTML = "<html><body><main><p>A page about the sea, which is wide, and about its harbour.</p></main></body></html>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working directory with all these files, and some input."""
    folder = shadowing.fill(tmp_path_factory.mktemp("work"))
    (folder / "texts").mkdir()
    (folder / "texts" / "page.html").write_text(HTML)
    (folder / "texts" / "notes.jsonl").write_text(json.dumps({"text": "The harbour is open on every day. " * 20}))
    return folder


@pytest.fixture
def config(folder, tmp_path):
    """All stages, with an extractor that runs in a process of its own."""
    settings = {
        "sources": [{"name": "texts", "path": str(folder / "texts"), "extractor": "trafilatura"}],
        "clean": {"policy": "none"},
        "tokenizer": {"vocab_size": 260, "min_frequency": 1},
        "pack": [{"length": 16}],
    }
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def in_folder(folder, *command, **environment):
    """Runs a command in the folder; gives its exit status and all that it said."""
    ours = ("PYTHON", "SPARK", "PYSPARK", "TOKENLAKE")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def script(tmp_path):
    """The command as an installer makes it: a script outside the working directory."""
    path = tmp_path / "bin" / "tokenlake"
    path.parent.mkdir()
    path.write_text(ENTRY)
    return path


def arguments(config, tmp_path):
    return ["run", config, "--lake", tmp_path / "lake", "--log-json"]


def documents(lake):
    from lake.lake import Lake

    return Lake(str(lake)).read_here("documents", ["doc_id"]).num_rows


@pytest.mark.slow
@pytest.mark.parametrize("safe", [{}, {"PYTHONSAFEPATH": "1"}], ids=["", "safe-path"])
def test_the_command_imports_nothing_of_it(folder, config, script, tmp_path, safe):
    status, said = in_folder(
        folder, sys.executable, script, *arguments(config, tmp_path), PYTHONPATH=str(PROJECT), **safe
    )
    assert status == 0, said
    assert "was imported" not in said
    assert documents(tmp_path / "lake") == 2


@pytest.mark.slow
def test_as_a_module_it_imports_nothing_of_it(folder, config, tmp_path):
    """Python itself needs a few modules before it reaches this package: `jobs`, and what `-m` imports."""
    first = subprocess.run(
        [sys.executable, "-c", "import runpy, pkgutil, sys; print(*sys.modules)"], capture_output=True, text=True
    )
    elsewhere = tmp_path / "work"
    elsewhere.mkdir()
    for file in folder.iterdir():
        if file.stem not in {"jobs", *first.stdout.split()}:
            (elsewhere / file.name).symlink_to(file)
    said = in_folder(elsewhere, sys.executable, "-m", "jobs", *arguments(config, tmp_path), PYTHONPATH=str(PROJECT))
    assert said[0] == 0, said
    assert documents(tmp_path / "lake") == 2


@pytest.mark.slow
def test_an_empty_entry_of_the_import_path_is_not_the_working_directory(folder, config, script, tmp_path):
    """`PYTHONPATH=$PYTHONPATH:/more` has one where the variable was not set."""
    elsewhere = tmp_path / "work"
    elsewhere.mkdir()
    for name in ("tokenize", "html", "numpy", "pyarrow", "rich", "argparse", "pydantic", "yaml", "lake", "pipelines"):
        (elsewhere / f"{name}.py").symlink_to(folder / f"{name}.py")
    (elsewhere / "texts").symlink_to(folder / "texts")
    status, said = in_folder(elsewhere, sys.executable, script, *arguments(config, tmp_path), PYTHONPATH=f"{PROJECT}:")
    assert status == 0, said


@pytest.mark.slow
def test_python_workers_of_classic_spark_import_nothing_of_it(folder, config, script, tmp_path):
    pytest.importorskip("pyspark.core", reason="needs the extra spark")
    status, said = in_folder(
        folder, sys.executable, script, *arguments(config, tmp_path), "--engine", "spark", PYTHONPATH=str(PROJECT)
    )
    assert status == 0, said
    assert documents(tmp_path / "lake") == 2
