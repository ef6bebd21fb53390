"""Pins: a version with a pin keeps its data files, whatever upkeep deletes."""

import json

import pytest

from lake.maintenance.pins import PinError, UnreadablePinError, in_force, lost_files, pin, pinned, pins, unpin
from pipelines.tables import TOKENS


@pytest.fixture
def tokens(lake, rows, note):
    """A lake whose table `tokens` has versions 0 and 1."""
    for run in ("run-1", "run-2"):
        lake.append(rows(run, run), TOKENS, note(run), None)
    return lake


def test_a_pin_says_who_pinned_which_version_of_which_table_for_what(tokens):
    made = pin(tokens, "tokens", 0, "model-a")
    assert pins(tokens) == [made]
    assert (made.name, made.table, made.version, made.table_id) == ("model-a", "tokens", 0, tokens.identity("tokens"))
    assert made.by
    assert made.at
    assert pinned(tokens) == {"tokens": {0: ["model-a"]}}


def test_several_names_pin_a_version_and_each_is_taken_away_alone(tokens):
    pin(tokens, "tokens", 0, "a")
    pin(tokens, "tokens", 0, "model 7")
    assert pinned(tokens) == {"tokens": {0: ["a", "model 7"]}}
    unpin(tokens, "a")
    assert pinned(tokens) == {"tokens": {0: ["model 7"]}}


def test_a_name_pins_versions_and_one_of_them_is_taken_away(tokens):
    pin(tokens, "tokens", 0, "a")
    pin(tokens, "tokens", 1, "a")
    assert [each.version for each in unpin(tokens, "a", "tokens", 1)] == [1]
    assert pinned(tokens) == {"tokens": {0: ["a"]}}


def test_a_version_that_is_pinned_again_under_a_name_keeps_the_pin_it_has(tokens):
    assert pin(tokens, "tokens", 0, "a", "2999-01-01") == pin(tokens, "tokens", 0, "a")


@pytest.mark.parametrize(
    ("table", "version", "name", "message"),
    [
        ("tokens", 7, "a", "has no version 7 that can be read"),
        ("nothing", 0, "a", "no table nothing"),
        ("tokens", 0, "../a", "letters, digits"),
        ("tokens", 0, "", "letters, digits"),
    ],
)
def test_what_cannot_be_pinned_is_an_error_and_leaves_no_pin(tokens, table, version, name, message):
    with pytest.raises(PinError, match=message):
        pin(tokens, table, version, name)
    assert pins(tokens) == []


def test_a_version_whose_files_are_gone_cannot_be_pinned(tokens):
    tokens.storage.delete(f"tokens/{tokens.files('tokens', 0)[0].path}")
    with pytest.raises(PinError, match="1 of its data files are gone"):
        pin(tokens, "tokens", 0, "a")
    assert pins(tokens) == []


def test_files_that_a_pinned_version_has_lost_are_named(tokens):
    made = pin(tokens, "tokens", 1, "a")
    lost = tokens.files("tokens", 0)[0].path
    tokens.storage.delete(f"tokens/{lost}")
    assert lost_files(tokens, made) == [lost]


def test_a_table_made_anew_under_the_name_is_not_the_pinned_one(tokens, rows, note):
    pin(tokens, "tokens", 0, "a")
    tokens.storage.delete("tokens")
    fresh = type(tokens)(tokens.root)
    fresh.append(rows("run-1", "x"), TOKENS, note("run-1"), None)
    assert in_force(fresh) == []
    assert len(pins(fresh)) == 1


def test_a_pin_ends_after_its_last_day(tokens):
    pin(tokens, "tokens", 0, "past", "2001-01-01")
    pin(tokens, "tokens", 0, "later", "2999-01-01")
    assert pinned(tokens) == {"tokens": {0: ["later"]}}


def test_no_pin_of_that_name_is_an_error(tokens):
    with pytest.raises(PinError, match="no pin a of tokens"):
        unpin(tokens, "a", "tokens")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"name": "a", "surprise": 1})])
def test_a_damaged_pin_stops_whoever_reads_it(tokens, text):
    tokens.storage.write_text("_pins/a/tokens-0.json", text)
    with pytest.raises(UnreadablePinError, match="not the file of a pin"):
        pinned(tokens)
