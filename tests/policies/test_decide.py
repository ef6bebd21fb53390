"""Every reason from a minimal row of measures; the Spark expression means what the plain function means."""

import copy

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import types as T

from pipelines.policies.decide import evaluate, reasons
from pipelines.policies.files import load, names
from pipelines.policies.policy import Policy
from pipelines.policies.rules import BY_REASON, DATATROVE, RULE_SETS, RULES, Comparison, Rule

FINEWEB = load("fineweb").decontaminating()

OVERLAPS = {"fraction": 0.01, "passages": 1, "left": 900}

GOOD_LINES = {
    "lines": 10,
    "line_punct_ratio": 0.9,
    "short_line_ratio": 0.1,
    "char_dup_ratio": 0.0,
    "list_ratio": 0.05,
}

# A document that passes every rule of every policy.
GOOD = {
    "doc_id": "0",
    "language": "en",
    "language_score": 0.99,
    "url_listed": False,
    "http_status": 200,
    "size": {"characters": 1000},
    "gopher_repetition": {rule.name: 0.0 for rule in RULE_SETS["gopher_repetition"] if rule.name != "empty"},
    "gopher_quality": {
        "words": 200,
        "mean_word_length": 4.5,
        "hash_ratio": 0.0,
        "ellipsis_ratio": 0.0,
        "bullet_line_ratio": 0.0,
        "ellipsis_line_ratio": 0.0,
        "alpha_word_ratio": 0.9,
        "stop_words": 6,
    },
    "c4": {"sentences": 12, "lorem_ipsum": False, "curly_bracket": False},
    "fineweb": GOOD_LINES,
    "c4_fineweb": dict(GOOD_LINES),
    "c4_size": {"characters": 900},
    "contamination": OVERLAPS,
    "c4_contamination": dict(OVERLAPS),
}


def changed(path, value, base=GOOD):
    """`base` with one measure replaced."""
    row = copy.deepcopy(base)
    *outer, last = path.split(".")
    target = row
    for name in outer:
        target = target[name]
    target[last] = value
    return row


# What rows lack that earlier versions measured.
EARLIER = {"c4_fineweb": None, "c4_size": None, "c4_contamination": None}


FAILING = {
    Comparison.BELOW: lambda threshold: threshold - 1e-9 if isinstance(threshold, float) else threshold - 1,
    Comparison.ABOVE: lambda threshold: threshold + 1e-9 if isinstance(threshold, float) else threshold + 1,
    Comparison.AT_MOST: lambda threshold: threshold,
    Comparison.NOT_IN: lambda threshold: "tlh",
    Comparison.IS_TRUE: lambda threshold: True,
    Comparison.IS_ZERO: lambda threshold: 0,
}


def test_a_document_that_passes_everything_has_no_reasons():
    assert reasons(GOOD, FINEWEB) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
def test_a_measure_beyond_its_threshold_gives_this_reason_alone(rule: Rule):
    failing = FAILING[rule.comparison](FINEWEB.threshold(rule))
    assert reasons(changed(FINEWEB.measure(rule), failing), FINEWEB) == [rule.reason]


@pytest.mark.parametrize("rule", [r for r in RULES if r.comparison in "<>"], ids=lambda rule: rule.reason)
def test_a_measure_equal_to_its_threshold_passes(rule: Rule):
    assert reasons(changed(FINEWEB.measure(rule), FINEWEB.threshold(rule)), FINEWEB) == []


def test_a_language_score_equal_to_its_threshold_is_dropped_as_in_the_published_pipeline():
    assert reasons(changed("language_score", 0.65), FINEWEB) == ["language.low_score"]
    assert reasons(changed("language_score", 0.6500001), FINEWEB) == []


def test_all_failed_rules_are_listed_in_the_order_of_the_policy():
    row = changed("c4_fineweb.list_ratio", 1.0, changed("gopher_quality.words", 3, changed("language", "de")))
    assert reasons(row, FINEWEB) == ["language.not_wanted", "gopher_quality.short_doc", "fineweb.list_ratio"]
    other_order = Policy(name="x", order=("fineweb", "gopher_quality"), rewrite=("c4_lines",))
    assert reasons(row, other_order) == ["fineweb.list_ratio", "gopher_quality.short_doc"]


def test_an_undefined_measure_fails_nothing_so_an_empty_text_fails_only_as_empty():
    row = copy.deepcopy(GOOD)
    row["size"]["characters"] = 0
    row["gopher_repetition"] = dict.fromkeys(row["gopher_repetition"])
    row["fineweb"] = dict.fromkeys(row["fineweb"]) | {"lines": 0}
    failed = reasons(row, Policy(name="x", order=("gopher_repetition", "fineweb")))
    assert failed == ["gopher_repetition.empty", "fineweb.empty"]


def test_an_unknown_language_is_not_a_wanted_one():
    assert reasons(changed("language", None), FINEWEB) == ["language.not_wanted"]


def test_fineweb_judges_the_text_that_the_policy_delivers():
    menu = changed("fineweb.short_line_ratio", 1.0)
    assert reasons(menu, Policy(name="x", order=("fineweb",))) == ["fineweb.short_line_ratio"]
    assert reasons(menu, Policy(name="x", order=("fineweb",), rewrite=("c4_lines",))) == []


def test_rows_of_earlier_versions_have_one_measure_of_lines_which_is_of_what_c4_left():
    menu = changed("fineweb.short_line_ratio", 1.0) | EARLIER
    for rewrite in ((), ("c4_lines",)):
        policy = Policy(name="x", order=("fineweb",), rewrite=rewrite)
        assert reasons(menu, policy) == ["fineweb.short_line_ratio"]


@pytest.mark.parametrize("order", [(), ("c4",)])
def test_a_text_of_which_c4_leaves_nothing_is_dropped_by_every_policy_with_its_line_rules(order):
    emptied = changed("c4_size.characters", 0)
    assert reasons(emptied, Policy(name="x", order=order, rewrite=("c4_lines",))) == ["text.empty"]
    assert reasons(emptied, Policy(name="x", order=order)) == []


def test_a_text_that_is_all_overlap_is_dropped_where_overlaps_are_removed():
    nothing = changed("contamination.left", 0)
    assert reasons(nothing, Policy(name="x", order=(), rewrite=("decontamination",))) == ["text.nothing_left"]
    assert reasons(nothing, Policy(name="x", order=("decontamination",))) == []


def test_policies_get_the_rule_set_and_the_pass_unless_they_keep_everything_or_speak_of_it():
    assert load("gopher").decontaminating().order == (*load("gopher").order, "decontamination")
    assert load("gopher").decontaminating().rewrite == ("decontamination", *load("gopher").rewrite)
    for policy in (load("none"), Policy(name="x", order=("c4", "decontamination"), rewrite=("pii",))):
        assert policy.decontaminating() == policy


@pytest.mark.parametrize("off", [0, None, False])
def test_zero_null_and_false_switch_a_rule_off(off):
    policy = Policy(name="x", order=("gopher_quality",), rules={"gopher_quality": {"short_doc": off}})
    assert reasons(changed("gopher_quality.words", 1), policy) == []


def test_a_rule_that_is_off_is_shown_without_threshold():
    policy = Policy(name="x", order=("c4",), rules={"c4": {"lorem_ipsum": False}})
    verdict = evaluate(changed("c4.lorem_ipsum", True), policy)[0]
    assert (verdict.reason, verdict.value, verdict.threshold, verdict.failed) == ("c4.lorem_ipsum", True, None, False)


def test_a_language_has_its_own_thresholds():
    policy = Policy(
        name="x", order=("gopher_quality",), languages={"de": {"gopher_quality": {"above_avg_threshold": 15}}}
    )
    long_words = changed("gopher_quality.mean_word_length", 12.0)
    assert reasons(long_words, policy) == ["gopher_quality.above_avg_threshold"]
    assert reasons(changed("language", "de", long_words), policy) == []


def test_a_language_can_switch_a_rule_off():
    german = load("fineweb2")
    row = changed("fineweb.line_punct_ratio", 0.0)
    assert "fineweb.line_punct_ratio" in reasons(row, german)
    assert reasons(changed("language", "de", row), german) == []


def test_lines_without_any_punctuation_pass_where_the_policy_spares_them():
    policy = Policy(name="x", order=("fineweb",), rules={"fineweb": {"line_punct_exclude_zero": True}})
    assert reasons(changed("fineweb.line_punct_ratio", 0.0), policy) == []
    assert reasons(changed("fineweb.line_punct_ratio", 0.01), policy) == ["fineweb.line_punct_ratio"]


def test_every_rule_of_the_peer_has_its_counterpart():
    # the reasons of datatrove 0.10.1 in its order, per rule set
    assert [DATATROVE[rule.reason] for rule in RULE_SETS["gopher_repetition"]] == [
        "empty",
        "dup_para_frac",
        "dup_para_char_frac",
        "dup_line_frac",
        "dup_line_char_frac",
        *(f"top_{n}_gram" for n in (2, 3, 4)),
        *(f"duplicated_{n}_n_grams" for n in (5, 6, 7, 8, 9, 10)),
    ]
    assert DATATROVE["gopher_quality.too_few_stop_words"] == "gopher_enough_stop_words"
    assert len(BY_REASON) == len(RULES) + 2  # and text.empty, text.nothing_left


NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.12, 0.2, 0.3, 0.5, 0.65, 0.9]), st.floats(0, 1))
COUNTS = st.one_of(st.none(), st.sampled_from([0, 2, 3, 5, 10, 50, 100_000]), st.integers(0, 200_000))
YES_NO = st.sampled_from([None, True, False])
LANGUAGES = st.sampled_from([None, "en", "de", "fr", "es", "cs", "no", "tlh"])
COUNTED = (
    *("gopher_quality.words", "gopher_quality.stop_words", "c4.sentences", "c4_size.characters", "size.characters"),
    *("fineweb.lines", "c4_fineweb.lines", "http_status"),
    *(f"{prefix}contamination.{name}" for prefix in ("", "c4_") for name in ("passages", "left")),
)
PATHS = {path for rule in BY_REASON.values() for path in (rule.measure, rule.after_c4) if path}


def measures_of(path):
    if path in COUNTED:
        return COUNTS
    if path.endswith(("lorem_ipsum", "curly_bracket", "url_listed")):
        return YES_NO
    if path == "language":
        return LANGUAGES
    return st.floats(0, 20) if path == "gopher_quality.mean_word_length" else NUMBERS


ROWS = st.builds(
    lambda values, earlier: _nested(values.items()) | (EARLIER if earlier else {}),
    st.fixed_dictionaries({path: measures_of(path) for path in sorted(PATHS)}),
    earlier=st.integers(0, 4).map(lambda number: number == 4),
)


def _nested(items):
    row = copy.deepcopy(GOOD)
    for path, value in items:
        row = changed(path, value, row)
    return row


def schema_of(value, path=""):
    """The Spark type of a row like GOOD."""
    if isinstance(value, dict):
        fields = [T.StructField(k, schema_of(v, f"{path}.{k}" if path else k)) for k, v in value.items()]
        return T.StructType(fields)
    if isinstance(value, bool):
        return T.BooleanType()
    if isinstance(value, str):
        return T.StringType()
    return T.LongType() if path in COUNTED else T.DoubleType()


@pytest.fixture(scope="module")
def many_rows():
    """Rows of measures as hypothesis thinks them up, for one Spark call."""
    rows = []

    @settings(
        max_examples=300,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(ROWS)
    def collect(row):
        rows.append(row | {"doc_id": str(len(rows))})

    collect()
    return rows


POLICIES = [
    *(load(name) for name in names()),
    Policy(
        name="overrides",
        order=("fineweb", "language", "gopher_quality", "url"),
        rules={"language": {"wanted": ["en", "de"]}, "fineweb": {"line_punct_exclude_zero": True}},
        languages={
            "de": {"fineweb": {"line_punct_exclude_zero": False}, "language": {"min_score": 0.9}},
            "fr": {"url": {"listed": False}},
        },
    ),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_the_spark_expression_decides_as_the_plain_function(spark, many_rows, policy):
    from pipelines.policies.spark import decide
    from pipelines.tables import DECISIONS

    frame = spark.createDataFrame(many_rows, schema_of(GOOD))
    decided = decide(frame, policy, "run-1")
    assert decided.columns == DECISIONS.schema.names
    by_id = {row.doc_id: row for row in decided.collect()}
    for row in many_rows:
        expected = reasons(row, policy)
        found = by_id[row["doc_id"]]
        assert (found.reasons, found.kept) == (expected, not expected)
    assert {row.policy for row in by_id.values()} == {policy.label}


@pytest.mark.parametrize("absent", ["url_listed", "http_status"])
def test_a_measure_that_a_lake_does_not_have_fails_nothing(spark, absent):
    from pipelines.policies.spark import decide

    frame = spark.createDataFrame([GOOD], schema_of(GOOD)).drop(absent)
    assert decide(frame, FINEWEB, "r").head().kept


@pytest.mark.parametrize("policy", ["fineweb", "fineweb2", "gopher", "technical"])
@pytest.mark.parametrize("status", [301, 304, 403, 404, 500, 503, 999])
def test_pages_that_no_success_answered_with_are_dropped_first_of_all_for_their_status(policy, status):
    row = changed("http_status", status, changed("gopher_quality.words", 3))
    assert reasons(row, load(policy)) == ["http.status", "gopher_quality.short_doc"]


@pytest.mark.parametrize("status", [None, 200, 203, 206, 299])
def test_successes_and_documents_without_a_status_pass(status):
    assert reasons(changed("http_status", status), FINEWEB) == []


def test_the_policy_that_drops_nothing_keeps_error_pages():
    assert reasons(changed("http_status", 404), load("none")) == []


def test_a_policy_may_allow_error_pages():
    policy = Policy(name="x", order=("http",), rules={"http": {"status": False}})
    assert reasons(changed("http_status", 404), policy) == []


def test_changes_count_documents_by_reason_and_language(spark):
    from pipelines.policies.spark import changes

    decisions = "doc_id string, kept boolean, reasons array<string>"
    old = [("a", True, []), ("b", False, ["c4.lorem_ipsum"]), ("c", True, []), ("d", False, ["x.y"])]
    new = [("a", False, ["c4.lorem_ipsum", "x.y"]), ("b", True, []), ("c", True, []), ("d", False, ["c4.lorem_ipsum"])]
    languages = spark.createDataFrame(
        [(i, "de" if i == "b" else "en") for i in "abcd"], "doc_id string, language string"
    )
    rows = changes(spark.createDataFrame(old, decisions), spark.createDataFrame(new, decisions), languages).collect()
    assert sorted(map(tuple, rows)) == [
        ("dropped", "en", "c4.lorem_ipsum", 1, 1),
        ("dropped", "en", "x.y", 1, 0),
        ("restored", "de", "c4.lorem_ipsum", 1, 1),
    ]
