"""What was used last is held, up to a size, and made once."""

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.feed.recent import Recent


@given(st.integers(0, 40), st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 15)), max_size=80))
def test_it_does_what_a_list_of_uses_does(most, uses):
    recent, model, made = Recent(most, len), OrderedDict(), []
    for is_renewed, key, size in uses:
        value = "x" * size
        made.clear()
        make = recent.renew if is_renewed else recent.get
        found = make(key, lambda value=value: made.append(1) or value)
        is_new = is_renewed or key not in model
        assert bool(made) == is_new
        if is_new:
            model.pop(key, None)
            model[key] = value
        model.move_to_end(key)
        assert found == model[key]
        while sum(map(len, model.values())) > most and len(model) > 1:
            model.popitem(last=False)
    for key in range(10):
        if key in model:
            assert recent.get(key, lambda: pytest.fail("it was held")) == model[key]


def test_several_threads():
    recent, wrong = Recent(50, lambda value: 1), []
    barrier = threading.Barrier(8)

    def use(seed):
        barrier.wait()
        for number in range(2000):
            key = (number * (seed + 3)) % 97
            if recent.get(key, lambda key=key: key * 2) != key * 2:
                wrong.append(key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert wrong == []


def test_an_error_of_what_makes_is_raised_and_nothing_is_held():
    recent = Recent(10, len)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 / 0)
    assert recent.get("a", lambda: "x") == "x"
