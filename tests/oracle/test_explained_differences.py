"""The differences that docs/parity.md explains are still there, and the page has them as they are."""

import pytest
from oracle import explained, page

pytestmark = pytest.mark.oracle
EXPLAINED = explained.explained()


@pytest.fixture(scope="module")
def datatroves(peer):
    return dict(zip([difference.name for difference in EXPLAINED], explained.datatroves_answers(), strict=True))


@pytest.mark.parametrize("difference", EXPLAINED, ids=lambda difference: difference.name)
def test_both_sides_say_what_is_written(difference, datatroves):
    assert datatroves[difference.name] == difference.theirs
    assert explained.our_answer(difference) == difference.ours
    assert difference.theirs != difference.ours


def test_the_page_tells_them():
    assert explained.rendered() in page.PAGE.read_text("utf-8")
