"""The funnel in the terminal tells what the report tells."""

import pytest

from jobs.funnel import lines
from jobs.report import collect
from lake.lake import Lake


@pytest.fixture(scope="module")
def data(engine, lake):
    return collect(Lake(lake, engine))


def number(line):
    return int(next(word for word in line.split() if word.replace(",", "").isdigit()).replace(",", ""))


def test_what_is_lost_and_what_is_kept_add_up_to_what_was_read(data):
    shown = [line for line in lines(data) if "█" in line or "░" in line]
    read, *lost, kept = map(number, shown)
    assert read == sum(lost) + kept


def test_it_ends_with_tokens_and_sequences(data):
    *_, tokens, first, second, third = lines(data)
    assert number(tokens) == data.total.tokens
    assert [line.split()[0] for line in (first, second, third)] == [
        "sequences_causal,",
        "sequences_causal,",
        "sequences_chunks,",
    ]
