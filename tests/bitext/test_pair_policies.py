"""Policies for pairs: files, overrides by languages, and decisions from measures."""

import pytest
from bitext.measured import batch, of
from hypothesis import given
from hypothesis import strategies as st

from pipelines.bitext.policies.decide import decide
from pipelines.bitext.policies.files import PairPolicyError, load, names
from pipelines.bitext.policies.policy import PairPolicy
from pipelines.bitext.rules.catalogue import RULES
from pipelines.bitext.rules.measures import measure
from pipelines.tables import PAIR_MEASURES


def reasons(pairs, policy, languages=("en", "de"), identify=False):
    return decide(measure(batch(pairs, languages), identify, 0, "run"), policy, "run")["reasons"].to_pylist()


def policy(rules, **more):
    return PairPolicy(name="test", rules=rules, **more)


GOOD = ("The weather is fine today.", "Das Wetter ist heute schön.")


def test_all_failed_rules_are_reasons_in_the_order_of_the_catalogue():
    (found,) = reasons([("12 34 56 78", "x")], load("strict"))
    assert found == sorted(found, key=lambda reason: list(RULES).index(reason.partition(":")[0]))
    assert {"opus.length_ratio", "opus.alphabet_ratio:source", "opus.numerals"} <= set(found)
    assert {"hardrules.only_symbols:source", "hardrules.too_short:target"} <= set(found)


@pytest.mark.parametrize("name", ["opus", "hardrules", "strict", "none"])
def test_every_packaged_policy_keeps_a_good_pair(name):
    assert reasons([GOOD], load(name)) == [[]]


def test_the_packaged_policies_are_listed():
    assert names() == ["hardrules", "none", "opus", "strict"]


@pytest.mark.parametrize(
    ("rule", "at", "fails"),
    [("opus.too_many_words", 5, 4.9), ("opus.length_ratio", 1.01, 1.0), ("opus.too_few_words", 5, 5.1)],
)
def test_a_value_on_the_threshold_is_decided_as_opusfilter_does(rule, at, fails):
    assert reasons([GOOD], policy({rule: at})) == [[]]
    assert reasons([GOOD], policy({rule: fails})) != [[]]


def test_a_threshold_of_null_switches_a_rule_off():
    assert reasons([("x", "y")], policy({"hardrules.too_short": None})) == [[]]


def test_overrides_of_a_pair_of_languages_win_over_those_of_one_and_these_over_all():
    given = policy(
        {"opus.too_few_words": 9},
        pairs={"*-de": {"opus.too_few_words": 6}, "en-*": {"opus.long_word": 1}, "en-de": {"opus.too_few_words": 5}},
    )
    assert given.thresholds("en-GB", "de_AT") == {"opus.too_few_words": 5, "opus.long_word": 1}
    assert given.thresholds("fr", "de") == {"opus.too_few_words": 6}
    assert given.thresholds("fr", "it") == {"opus.too_few_words": 9}


def test_pairs_of_several_languages_in_one_batch_are_decided_by_their_own_thresholds():
    rows = [batch([GOOD], ("en", "de")), batch([GOOD], ("en", "fr"))]
    measured = [measure(each, False, 0, "run") for each in rows]
    together = [row for each in measured for row in each.to_pylist()]
    given = policy({"opus.too_few_words": 9}, pairs={"en-fr": {"opus.too_few_words": None}})
    table = decide(measured[0].from_pylist(together, PAIR_MEASURES.schema), given, "run")
    assert table["kept"].to_pylist() == [False, True]


def test_languages_without_spaces_are_not_judged_by_their_words():
    pair = (
        "彼は昨日の夜に友達と一緒に新しい映画を見に行きましたがとても面白かったそうですよと言っていました",
        "He saw a film.",
    )
    assert "opus.long_word:source" in reasons([pair], load("opus"), ("en", "de"))[0]
    assert not any("long_word" in each for each in reasons([pair], load("opus"), ("ja", "en"))[0])


def test_a_side_in_another_language_fails_where_languages_were_identified():
    wrong = ("Das ist ein deutscher Satz, kein englischer.", GOOD[1])
    given = policy({"language.wrong": 0.5})
    assert reasons([wrong, GOOD], given, identify=True) == [["language.wrong:source"], []]
    assert reasons([wrong], given, identify=False) == [[]]


@given(st.lists(st.sampled_from([GOOD, ("x", "y"), ("", "z"), ("1 2 3", "4")]), max_size=6))
def test_a_pair_is_kept_exactly_if_it_has_no_reason(pairs):
    made = decide(measure(batch(pairs), False, 0, "run"), load("strict"), "run")
    assert made["kept"].to_pylist() == [not each for each in made["reasons"].to_pylist()]
    assert made.num_rows == len(pairs)


def test_every_rule_looks_at_a_measure_that_is_there():
    row = of(*GOOD)
    for rule in RULES.values():
        for _, path in rule.fields:
            rules, _, name = path.partition(".")
            assert name in row[rules], path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules:\n  opus.no_such: 1\n", "2: rules.opus.no_such: unknown rule"),
        ("rules:\n  opus.long_word: long\n", "2: rules.opus.long_word: 'long' is neither a number nor null"),
        ("pairs:\n  english:\n    opus.long_word: 3\n", "2: pairs.english: is no pair of languages"),
        ("pairs:\n  en-de:\n    opus.x: 3\n", "3: pairs.en-de.opus.x: unknown rule"),
        ("thresholds: {}\n", "1: thresholds: unknown key"),
        ("- a\n", "1: a policy is a mapping"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, text, message):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(PairPolicyError, match=message.replace("(", r"\(")) as raised:
        load(str(file))
    assert str(file) in str(raised.value)


def test_a_file_that_extends_another_replaces_single_thresholds(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "extends: opus\nrules:\n  opus.alphabet_ratio: null\npairs:\n  '*-ja':\n    opus.similarity: 0.8\n"
    )
    found = load(str(tmp_path / "mine.yaml"))
    assert found.name == "mine"
    assert found.rules == {**load("opus").rules, "opus.alphabet_ratio": None}
    assert found.thresholds("en", "ja")["opus.similarity"] == 0.8
    assert found.thresholds("en", "ja")["opus.long_word"] is None


def test_files_that_extend_each_other_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\n")
    with pytest.raises(PairPolicyError, match="in a circle"):
        load(str(tmp_path / "a.yaml"))


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(PairPolicyError, match="known: hardrules, none, opus, strict"):
        load("opusfilter")
