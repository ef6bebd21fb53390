"""docs/reference/kubernetes-values.md says what the model of the values says."""

from jobs.kubernetes.values import COMPONENTS
from jobs.kubernetes.values_page import PAGE, SECTIONS, page


def test_the_committed_page_is_made_from_the_model():
    assert PAGE.read_text() == page(), "python -m jobs.kubernetes.values_page"


def test_every_key_says_what_it_means():
    silent = [
        f"{path}.{name}"
        for path, model, _ in SECTIONS
        for name, field in model.model_fields.items()
        if not field.description
    ]

    assert silent == []


def test_the_page_names_every_component():
    assert [name for name in COMPONENTS if name not in page()] == []
