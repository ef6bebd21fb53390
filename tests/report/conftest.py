"""The hand-made lake, once per session."""

import hand_made_lake as hand_made
import pytest

from jobs.engine.base import Engine
from jobs.report.data import ReportData
from lake.lake import Lake


@pytest.fixture(scope="session")
def hand_made_lake(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Ten small tables with a story in each."""
    return hand_made.write(engine, tmp_path_factory.mktemp("report") / "hand_made")


@pytest.fixture(scope="session")
def data(hand_made_lake: Lake) -> ReportData:
    """What the report says of it."""
    from jobs.report.collect import collect

    return collect(hand_made_lake)


@pytest.fixture(scope="session")
def young_lake(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake where only ingest ran."""
    return hand_made.write(engine, tmp_path_factory.mktemp("report") / "young", {"inputs", "documents", "rejects"})
