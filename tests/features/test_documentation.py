"""The reference page says what the definitions say."""

from pathlib import Path

from features.catalogue.catalogue import CATALOGUE
from features.documentation import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "features.md"


def test_the_reference_page_is_made_from_the_definitions() -> None:
    assert PAGE.read_text() == page(CATALOGUE), "run `make reference`"


def test_every_feature_of_every_view_is_on_the_page() -> None:
    lines = page(CATALOGUE).splitlines()

    for view in [*CATALOGUE.views, *CATALOGUE.on_demand]:
        begin = lines.index(f"### {view.name}")
        section = lines[begin + 1 :]
        for feature in view.features:
            assert any(line.startswith(f"| `{feature.name}` | {feature.value_type.name} |") for line in section)
