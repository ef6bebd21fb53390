"""The peer and the corpus, or the command that makes them."""

import pytest
from oracle import environment, texts


@pytest.fixture(scope="session")
def peer():
    """datatrove's environment stands."""
    if not environment.python().exists():
        pytest.skip(f"datatrove is absent ({environment.folder()}): make oracle")


@pytest.fixture(scope="session")
def quick_corpus(peer):
    """The benchmarks' quick corpus stands."""
    try:
        texts.manifest("quick")
    except FileNotFoundError as error:
        pytest.skip(str(error))
