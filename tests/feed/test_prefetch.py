"""A thread ahead changes nothing: the same items, errors in their place, and it ends when nobody wants more."""

import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.feed.prefetch import prefetched


def threads():
    return [each for each in threading.enumerate() if each.name == "tokenlake-feed-prefetch"]


def failing(items, error):
    yield from items
    raise error


@given(st.lists(st.integers(), max_size=20), st.integers(0, 5))
def test_the_same_items(items, depth):
    assert list(prefetched(iter(items), depth)) == items
    assert threads() == []


@given(st.lists(st.integers(), max_size=20), st.integers(0, 5))
def test_an_error_comes_after_the_items_before_it(items, depth):
    made = prefetched(failing(items, KeyError("gone")), depth)
    found = []
    with pytest.raises(KeyError, match="gone"):
        found.extend(made)
    assert found == items
    assert threads() == []


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_it_makes_as_many_ahead_as_it_should(depth):
    made = []
    items = prefetched((made.append(number) or number for number in range(100)), depth)
    assert next(items) == 0
    until = time.monotonic() + 10
    while len(made) < depth + 2 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(made) == depth + 2  # one is used, one waits for a place
    items.close()
    assert threads() == []


def test_items_that_are_not_asked_for_any_more_are_not_made():
    made = []
    for item in prefetched((made.append(number) or number for number in range(10**6)), 2):
        if item == 10:
            break
    assert threads() == []
    assert len(made) < 20


def test_a_program_that_ends_in_the_middle_ends():
    program = (
        "import itertools, sys\n"
        "from training.feed.prefetch import prefetched\n"
        "items = prefetched(itertools.count(), 2)\n"
        "print(next(items), next(items), flush=True)\n"
        "held = [items]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["0", "1"], "")
