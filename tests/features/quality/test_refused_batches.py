"""Bad rows do not reach the online store, and stop nothing once they are corrected."""

from pathlib import Path
from typing import Any

import pytest

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.online.reader import OnlineReader
from features.plan import Plan
from jobs.cli import main
from lake.lake import Lake
from tests.features import feature_lake
from tests.features.feature_lake import DAY, HOUR, START

ACME = {"client_id": "acme", "domain": "acme", EVENT_TIMESTAMP: START + DAY}
GLOBEX = {"client_id": "globex", "domain": "legal", EVENT_TIMESTAMP: START + DAY}


@pytest.fixture
def lake(tmp_path: Path, store: str) -> Lake:
    """Two clients, acme premium and globex free; both are online."""
    made = feature_lake.write(tmp_path)
    made.storage.write_text("features/plan.json", Plan.of(CATALOGUE).to_json())
    assert materialize(made, store) == 0
    return made


def materialize(lake: Lake, store: str) -> int:
    """The exit status of the command."""
    return main(["features", "materialize", lake.root, "client_profile", "--online", store])


def tiers(store: str) -> list[Any]:
    """The tiers that are online."""
    with OnlineReader(store) as reader:
        found = reader.get(["client_profile:tier"], {"client_id": ["acme", "globex"]}, timeout=10)
    return found.columns[0]


def test_a_batch_with_a_bad_row_is_refused_and_the_values_before_it_stay(
    lake: Lake, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "gold"}, {**GLOBEX, "tier": "standard"}])
    assert materialize(lake, store) == 1
    assert (
        "view client_profile, tier: must be among free, standard, premium, and 1 of 2 rows are not; "
        "the first is client_id='acme': 'gold'"
    ) in " ".join(capsys.readouterr().err.split())
    assert tiers(store) == ["premium", "free"]
    assert materialize(lake, store) == 1  # nor does it the next time


@pytest.mark.parametrize("correction", [{EVENT_TIMESTAMP: START + 2 * DAY}, {CREATED: START + DAY + HOUR}])
def test_a_corrected_row_stops_nothing(lake: Lake, store: str, correction: dict[str, Any]) -> None:
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "gold"}, {**GLOBEX, "tier": "standard"}])
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "free", **correction}])
    assert materialize(lake, store) == 0
    assert tiers(store) == ["free", "standard"]


def test_a_correction_that_is_bad_itself_is_refused(lake: Lake, store: str) -> None:
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "gold"}])
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "silver", EVENT_TIMESTAMP: START + 2 * DAY}])
    assert materialize(lake, store) == 1


def test_a_correction_that_is_not_due_yet_does_not_count(lake: Lake, store: str) -> None:
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "gold"}])
    feature_lake.append(lake, "client_profile", [{**ACME, "tier": "free", EVENT_TIMESTAMP: START + 2 * DAY}])
    words = ["features", "materialize", lake.root, "client_profile", "--online", store, "--up-to", "2026-11-03T00:00Z"]
    assert main(words) == 1


def test_entities_of_several_keys_are_corrected_each(lake: Lake, store: str) -> None:
    feature_lake.append(lake, "term_glossary", [_term("acme", "Frist", None), _term("legal", "Welt", None)])
    feature_lake.append(
        lake, "term_glossary", [_term("acme", "Frist", "deadline", DAY), _term("legal", "Welt", "world", DAY)]
    )
    assert main(["features", "materialize", lake.root, "term_glossary", "--online", store]) == 0


def _term(domain: str, term: str, target: str | None, later: Any = 0 * DAY) -> dict[str, Any]:
    """A term; without a target it is bad."""
    pair = {"source_language": "de", "target_language": "en"}
    return {
        "domain": domain,
        "term": term,
        **pair,
        "target": target,
        "note": "n",
        EVENT_TIMESTAMP: START + DAY + later,
    }
