"""Baselines of real tables: current rows only, pinned beside the tables."""

from pathlib import Path

import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.quality.baseline import BaselineError, pin, pinned, summaries
from features.quality.current_rows import current_rows
from features.quality.drift import drift
from lake.reading import LakeReader
from tests.features import feature_lake
from tests.features.feature_lake import DAY, START

STATE = CATALOGUE.view("document_state")
QUALITY = CATALOGUE.view("source_quality")
GLOSSARY = CATALOGUE.view("term_glossary")


@pytest.fixture
def lake(tmp_path: Path) -> LakeReader:
    """Hand-made histories."""
    return feature_lake.write(tmp_path)


def values(lake: LakeReader, view_name: str, feature: str) -> list[object]:
    """The current values of a feature, sorted."""
    view = CATALOGUE.view(view_name)
    current = current_rows(lake, view)
    assert current is not None
    return sorted(current.column(lake, view, feature).to_pylist(), key=str)


def test_the_newest_row_of_an_entity_is_current(lake: LakeReader) -> None:
    assert values(lake, "source_quality", "documents") == [140, 7]  # not the late row


def test_of_equal_event_times_the_last_created_is_current(lake: LakeReader) -> None:
    assert values(lake, "term_glossary", "note") == ["in medicine"]


def test_an_entity_that_is_gone_is_not_current(lake: LakeReader) -> None:
    current = current_rows(lake, STATE)
    assert current is not None
    assert (current.rows, current.entities) == (4, 1)
    assert values(lake, "document_state", "duplicate_cluster") == ["d1"]


def test_rows_of_later_files_replace_those_of_earlier_ones(lake: LakeReader) -> None:
    feature_lake.append(
        feature_lake.Lake(lake.root),
        "client_profile",
        [{"client_id": "acme", "tier": "free", EVENT_TIMESTAMP: START + DAY, CREATED: START + 2 * DAY}],
    )
    current = current_rows(lake, CATALOGUE.view("client_profile"))
    assert current is not None
    assert (current.version, current.rows, current.entities) == (1, 3, 2)
    assert current.newest_event == int((START + DAY).timestamp()) * 1_000_000
    assert current.newest_created == int((START + 2 * DAY).timestamp()) * 1_000_000
    assert values(lake, "client_profile", "tier") == ["free", "free"]


def test_a_view_without_table_has_no_current_rows(tmp_path: Path) -> None:
    assert current_rows(feature_lake.write(tmp_path, ["client_usage"]), STATE) is None


def test_a_baseline_is_pinned_and_found_again(lake: LakeReader) -> None:
    current = current_rows(lake, QUALITY)
    assert current is not None
    made = pin(lake, QUALITY, current, now=12)
    assert pinned(lake, QUALITY) == made
    assert (made.version, made.rows, made.pinned_at) == (0, 2, 12)
    assert made.features["documents"].categories == {"140": 1, "7": 1}
    assert pinned(lake, STATE) is None


def test_what_has_not_changed_has_not_drifted(lake: LakeReader) -> None:
    for view in CATALOGUE.views:
        current = current_rows(lake, view)
        assert current is not None
        baseline = pin(lake, view, current, now=0)
        now = summaries(lake, view, current, baseline)
        assert not [name for name in now if drift(baseline.features[name], now[name]).has_drifted]


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', '{"format": 1, "features": {"a": {"rows": 1}}}'])
def test_a_damaged_baseline_is_told(lake: LakeReader, text: str) -> None:
    lake.storage.write_text("features/baselines/source_quality.json", text)
    with pytest.raises(BaselineError, match="run `tokenlake features baseline` for source_quality"):
        pinned(lake, QUALITY)
