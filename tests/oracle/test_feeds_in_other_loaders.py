"""A feed in Hugging Face's datasets and in torchdata's StatefulDataLoader, the real ones."""

import feeds
import pytest

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.fixture
def work(tmp_path):
    if feeds.python() is None:
        pytest.skip("datasets and torchdata are absent: make oracle")
    return tmp_path


def test_datasets_gives_the_rows_of_the_feed(lake, work):
    found = feeds.ask(work, "rows_of_datasets", lake, script="open_feeds.py")
    assert found["datasets"] == found["feed"] != []


def test_a_stateful_loader_goes_on_where_it_was(lake, work):
    steps = feeds.ask(work, "steps_of_torchdata", lake, 7, script="open_feeds.py")
    assert steps["all"] == list(range(len(steps["all"])))
    assert len(steps["all"]) > 20
    assert steps["first"] + steps["rest"] == steps["all"]
