"""The choice of an extractor: a setting that decides what is made; each is bounded, and named when it is missing."""

from importlib.util import find_spec
from typing import get_args

import pytest

from pipelines.extraction import extractors
from pipelines.extraction.extract import Child
from pipelines.extraction.extractors import INSTALL, Extractor, ExtractorMissingError, main_text
from pipelines.readers.config import SourceConfig

PAGE = """<html><body><nav><a href="/">Home</a></nav><article><h1>Of cats</h1><p>The cat is a small carnivorous mammal.
It has lived with people for ten thousand years, and in all that time it has not once come when it was called.</p>
</article></body></html>"""


def test_another_extractor_means_to_read_the_source_again():
    prints = {
        SourceConfig(name="web", path="x", extractor=extractor).reading_fingerprint()
        for extractor in get_args(Extractor)
    }
    assert len(prints) == len(get_args(Extractor))


@pytest.mark.parametrize("extractor", get_args(Extractor))
def test_every_extractor_finds_main_text(extractor):
    if extractor == "rs-trafilatura":
        pytest.importorskip("rs_trafilatura", reason="an optional extra, built with cargo")
    text = main_text(PAGE, extractor)
    assert "carnivorous mammal" in text
    assert "Home" not in text


def test_every_extractor_says_how_to_install_it():
    assert set(INSTALL) == set(extractors._EXTRACTORS) == set(get_args(Extractor))


def test_an_extractor_that_is_not_installed_ends_the_run_and_says_what_to_do():
    if find_spec("rs_trafilatura"):
        pytest.skip("rs-trafilatura is installed here")
    child = Child("rs-trafilatura")
    with pytest.raises(ExtractorMissingError, match=r"rs-trafilatura does not start; .*pip install rs-trafilatura"):
        child.extract(PAGE, 60)
    child.stop()
