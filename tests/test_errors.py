"""All errors of the project have one base, which says what a command's exit status is."""

import ast
import builtins
from pathlib import Path

import pytest

from jobs.cli import UsageError
from jobs.engine.choice import EngineError
from jobs.yaml_config import ConfigError
from lake.lock import LakeBusyError
from pipelines.errors import MissingPathError, MisuseError, TokenlakeError
from pipelines.policies.files import PolicyError
from pipelines.readers.finding import SourceError
from pipelines.readers.formats import UnknownFormatError
from pipelines.tables import ContractError
from pipelines.workers.errors import WorkerError

PROJECT = Path(__file__).resolve().parents[1]


def exceptions():
    """(class, its bases) of each class of the project that is an exception, by the names of its bases."""
    classes = {
        node.name: [getattr(base, "id", "") for base in node.bases]
        for package in ("pipelines", "lake", "jobs", "features", "training")
        for path in (PROJECT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }

    def comes_of(name, wanted):
        return wanted(name) or any(comes_of(base, wanted) for base in classes.get(name, ()))

    def is_exception(name):
        found = getattr(builtins, name, None)
        return isinstance(found, type) and issubclass(found, BaseException)

    return {
        name: comes_of(name, lambda base: base == "TokenlakeError") for name in classes if comes_of(name, is_exception)
    }


def test_every_error_of_the_project_has_the_base():
    found = exceptions()
    assert len(found) > 20
    assert [name for name, has_base in found.items() if not has_base] == []


@pytest.mark.parametrize(
    "kind",
    [
        UsageError,
        ConfigError,
        EngineError,
        PolicyError,
        SourceError,
        UnknownFormatError,
        MissingPathError,
        ContractError,
    ],
)
def test_bad_usage_and_configuration_are_status_2(kind):
    assert issubclass(kind, MisuseError)
    assert kind.exit_status == 2


@pytest.mark.parametrize("kind", [TokenlakeError, LakeBusyError, WorkerError])
def test_a_failed_run_is_status_1(kind):
    assert kind.exit_status == 1


def test_a_file_that_vanishes_during_a_run_is_no_bad_usage(tmp_path):
    with pytest.raises(FileNotFoundError) as found:
        (tmp_path / "gone").read_text()
    assert not isinstance(found.value, MisuseError)
