"""One Spark session and one lake for the whole test session."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    from jobs import session

    spark = session.build("tokenlake-tests", master="local[2]")
    yield spark
    spark.stop()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that stands beside a checkout, never in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real input is absent: {SHARED_DATA}")
    return SHARED_DATA
