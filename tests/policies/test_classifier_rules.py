"""Thresholds of quality classifiers in policies."""

import pyarrow as pa
import pytest

from pipelines.policies.decide import evaluate, reasons
from pipelines.policies.files import PolicyError, load
from pipelines.policies.policy import Policy
from pipelines.policies.spark import UnmeasuredError, decide, require_classifiers, scored

EDU = {"order": ["gopher_repetition", "classifiers"], "rules": {"classifiers": {"min_edu": 0.5, "max_toxic": 0.2}}}
SCORES = pa.map_(pa.string(), pa.float64())


def policy(**changes):
    return Policy.model_validate({"name": "mine", **EDU, **changes})


def row(**scores):
    return {"language": "en", "size": {"characters": 9}, "gopher_repetition": {}, "classifiers": scores or None}


def test_a_score_beyond_its_threshold_drops_with_a_reason_of_its_own():
    assert reasons(row(edu=0.4, toxic=0.1), policy()) == ["classifiers.low_edu"]
    assert reasons(row(edu=0.6, toxic=0.3), policy()) == ["classifiers.high_toxic"]
    assert reasons(row(edu=0.4, toxic=0.3), policy()) == ["classifiers.low_edu", "classifiers.high_toxic"]


def test_a_score_equal_to_its_threshold_passes():
    assert reasons(row(edu=0.5, toxic=0.2), policy()) == []


def test_a_document_without_a_score_is_not_dropped():
    assert reasons(row(edu=None, toxic=None), policy()) == []
    assert reasons(row(), policy()) == []


def test_both_bounds_of_a_classifier_cut_a_band():
    band = policy(rules={"classifiers": {"min_edu": 0.3, "max_edu": 0.6}})
    assert [bool(reasons(row(edu=score), band)) for score in (0.2, 0.3, 0.6, 0.7)] == [True, False, False, True]


def test_a_language_has_its_own_thresholds():
    german = policy(languages={"de": {"classifiers": {"min_edu": 0.9}}})
    assert reasons(row(edu=0.7) | {"language": "de"}, german) == ["classifiers.low_edu"]
    assert reasons(row(edu=0.7), german) == []


def test_a_threshold_for_one_language_alone_holds_there_alone():
    german = policy(rules={"classifiers": {}}, languages={"de": {"classifiers": {"min_edu": 0.9}}})
    assert german.classifiers == ("edu",)
    assert reasons(row(edu=0.7) | {"language": "de"}, german) == ["classifiers.low_edu"]
    assert reasons(row(edu=0.0), german) == []


def test_zero_switches_a_rule_off_and_then_nobody_needs_the_score():
    off = policy(rules={"classifiers": {"min_edu": 0, "max_toxic": 0.2}})
    assert reasons(row(edu=0.0, toxic=0.1), off) == []
    assert off.classifiers == ("toxic",)


def test_values_and_thresholds_are_told():
    verdict = next(each for each in evaluate(row(edu=0.4), policy()) if each.rule.name == "low_edu")
    assert (verdict.value, verdict.comparison, verdict.threshold, verdict.failed) == (0.4, "<", 0.5, True)


def test_the_fingerprint_follows_the_thresholds():
    labels = {
        policy(rules={"classifiers": thresholds}).fingerprint()
        for thresholds in ({}, {"min_edu": 0.5}, {"max_edu": 0.5}, {"min_edu": 0.6}, {"min_other": 0.5})
    }
    assert len(labels) == 5


def test_a_policy_survives_being_stored():
    assert Policy.model_validate_json(policy().model_dump_json()).label == policy().label


def test_a_policy_without_classifiers_keeps_its_fingerprint():
    assert load("fineweb").fingerprint() == "421daa748ef8aabe"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{edu: 0.5}", r"edu: takes `min_<classifier>: score`"),
        ("{min_: 0.5}", r"min_: takes `min_<classifier>: score`"),
        ("{min_edu: 60}", "min_edu: takes a number from 0 to 1"),
        ("{min_edu: -0.1}", "min_edu: takes a number from 0 to 1"),
        ("{min_edu: high}", "min_edu: takes a number from 0 to 1"),
        ("{min_edu: .nan}", "min_edu: takes a number from 0 to 1"),
        ("[min_edu]", "takes thresholds"),
    ],
)
def test_wrong_thresholds_are_refused_with_their_place(tmp_path, rules, said):
    file = tmp_path / "mine.yaml"
    file.write_text(f"name: mine\norder: [classifiers]\nrules:\n  classifiers: {rules}\n")
    with pytest.raises(PolicyError, match=rf"mine\.yaml:4: rules\.classifiers.*{said}"):
        load(str(file))


def test_thresholds_in_no_order_are_refused(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: fineweb\nrules:\n  classifiers: {min_edu: 0.5}\n")
    with pytest.raises(PolicyError, match=r"stands in no order: add 'classifiers' to `order`"):
        load(str(file))


# on Spark


def measures(spark, *scores):
    """Rows with what the policy of these tests looks at."""
    repetition = [f"dup_{part}_frac" for part in ("line", "para", "line_char", "para_char")]
    repetition += [f"top_{n}_gram" for n in (2, 3, 4)] + [f"duplicated_{n}_n_grams" for n in range(5, 11)]
    rows = [
        {
            "doc_id": str(number),
            "language": "en",
            "size": {"characters": 9},
            "gopher_repetition": dict.fromkeys(repetition, 0.0),
            "classifiers": None if each is None else list(each.items()),
        }
        for number, each in enumerate(scores)
    ]
    inner = pa.struct([(name, pa.float64()) for name in repetition])
    fields = [("doc_id", pa.string()), ("language", pa.string()), ("size", pa.struct([("characters", pa.int64())]))]
    schema = pa.schema([*fields, ("gopher_repetition", inner), ("classifiers", SCORES)])
    return spark.createDataFrame(pa.Table.from_pylist(rows, schema))


def test_the_column_expression_decides_as_the_function_does(spark):
    cases = [
        {"edu": edu, "toxic": toxic} for edu in (None, 0.0, 0.49, 0.5, 1.0) for toxic in (None, 0.0, 0.2, 0.21, 1.0)
    ]
    decided = decide(measures(spark, *cases, None), policy(), "run").collect()
    expected = {str(number): reasons(row(**case), policy()) for number, case in enumerate(cases)} | {
        str(len(cases)): []
    }
    assert {each.doc_id: each.reasons for each in decided} == expected
    assert {each.kept for each in decided} == {True, False}


def test_measures_of_before_there_were_classifiers_fail_no_rule_on_them(spark):
    old = measures(spark, None).drop("classifiers")
    assert decide(old, policy(), "run").head().kept
    assert scored(old) == ()


def test_a_policy_of_a_classifier_that_was_not_measured_names_both(spark):
    with pytest.raises(UnmeasuredError, match=r"policy mine has thresholds for toxic, .*\(measured: edu\)"):
        require_classifiers(measures(spark, {"edu": 0.5}), policy())
    with pytest.raises(UnmeasuredError, match=r"for edu, toxic, .*\(measured: none\)"):
        require_classifiers(measures(spark, None), policy())


def test_scores_that_are_there_or_needed_by_nobody_are_no_trouble(spark):
    require_classifiers(measures(spark, {"edu": None, "toxic": 0.1, "more": 0.2}), policy())
    require_classifiers(measures(spark, None).where("false"), policy())
    require_classifiers(measures(spark, None), load("fineweb"))
