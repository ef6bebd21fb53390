"""One engine and one lake for the whole test session."""

from collections.abc import Iterator
from pathlib import Path

import corpus
import pytest
from hypothesis import settings
from pyspark.sql import SparkSession

from jobs.engine.base import Engine
from jobs.engine.sail import SailEngine

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile("compiled", deadline=None)  # kernels compile on first use
settings.load_profile("compiled")


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Sail in this process, with its worker processes."""
    engine = SailEngine()
    assert engine.session is not None
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def spark(engine: Engine) -> SparkSession:
    """The engine's session, for tests of functions of DataFrames."""
    return engine.session


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real prose with duplicates and every kind of trouble; see tests/corpus.py."""
    return corpus.make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def lake(engine: Engine, corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a complete lake, made once by all stages. Tests read it and change nothing."""
    from jobs.pipeline import run_stages
    from jobs.progress import Reporter

    config = corpus.config(str(tmp_path_factory.mktemp("lake") / "lake"), corpus_folder)
    assert run_stages(engine, config, Reporter()) == 0
    return config.lake


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that stands beside a checkout, never in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real input is absent: {SHARED_DATA}")
    return SHARED_DATA
