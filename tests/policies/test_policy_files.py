"""Policies as files: what comes with the package, building on one another, and errors that say where."""

import pytest

from pipelines.policies.files import PolicyError, load, names
from pipelines.policies.policy import DEFAULT_POLICY, Policy
from pipelines.policies.rules import BY_REASON, RULES


@pytest.fixture
def policy_file(tmp_path):
    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return write


def test_the_packaged_policies_load_under_their_file_names():
    assert names() == ["fineweb", "fineweb2", "gopher", "none", "technical"]
    assert [load(name).name for name in names()] == names()


def test_fineweb_states_every_threshold_and_each_is_the_published_default():
    fineweb = load(DEFAULT_POLICY)
    for rule in (each for each in RULES if each.rule_set in fineweb.order):
        expected = ("en",) if rule.reason == "language.not_wanted" else rule.default
        assert fineweb.rules[rule.rule_set][rule.key] == expected, rule.reason
        assert fineweb.threshold(rule) == expected


def test_fineweb_decides_in_the_published_order_once_error_pages_are_dropped():
    order = ("http", "language", "url", "gopher_repetition", "gopher_quality", "c4", "fineweb")
    assert load("fineweb").order == order


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("none", ()),
        ("gopher", ("repair", "pii")),
        ("fineweb2", ("repair", "pii")),
        ("technical", ("repair", "pii")),
        ("fineweb", ("c4_lines", "repair", "pii")),
    ],
)
def test_each_packaged_policy_says_what_rewrites(name, passes):
    assert load(name).rewrite == passes


def test_personal_data_is_replaced_unless_a_policy_says_otherwise(policy_file):
    assert load(policy_file("order: [c4]\n")).rewrite == ("repair", "pii")
    assert load(policy_file("extends: fineweb\nrewrite: [pii]\n")).rewrite == ("pii",)


def test_fineweb2_carries_the_published_thresholds_of_czech():
    czech = {
        "gopher_repetition.dup_line_frac": 0.311,
        "fineweb.line_punct_ratio": 0.06,
        "fineweb.list_ratio": 0.182,
        "fineweb.char_dup_ratio": 0.1,
        "fineweb.short_line_ratio": None,
        "gopher_repetition.dup_para_frac": None,
    }
    policy = load("fineweb2")
    assert {reason: policy.threshold(BY_REASON[reason], "cs") for reason in czech} == czech
    assert "c4" not in policy.order


def test_the_code_of_norwegian_is_not_read_as_false():
    assert "no" in load("fineweb2").languages


def test_a_file_extends_a_packaged_policy_threshold_by_threshold(policy_file):
    mine = load(policy_file("extends: fineweb\nrules:\n  gopher_quality: {short_doc: 30}\n"))
    assert mine.name == "mine"
    assert mine.order == load("fineweb").order
    assert mine.threshold(BY_REASON["gopher_quality.short_doc"]) == 30
    assert mine.threshold(BY_REASON["gopher_quality.long_doc"]) == 100_000


def test_a_file_extends_another_beside_it(policy_file):
    policy_file("extends: none\norder: [c4]\n", "base.yaml")
    mine = load(policy_file("extends: base.yaml\nrules: {c4: {too_few_sentences: 3}}\n"))
    assert mine.order == ("c4",)
    assert mine.threshold(BY_REASON["c4.too_few_sentences"]) == 3


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        ("order: [c4]\nrules:\n  c4:\n    too_few_sentence: 5\n", 4, "rules.c4.too_few_sentence", "too_few_sentences"),
        ("order: [c4]\nrules:\n  c5: {}\n", 3, "rules.c5", "known: language, url, http"),
        ("order:\n  - c4\n  - c5\n", 3, "order.1", "unknown rule set 'c5'"),
        ("order:\n  - c4\n  - c4\n", 3, "order.1", "twice"),
        ("order: [c4]\nordre: [c4]\n", 2, "ordre", "unknown key"),
        ("order: [c4]\nrules:\n  c4: {too_few_sentences: many}\n", 3, "rules.c4.too_few_sentences", "takes a number"),
        ("order: [c4]\nrules:\n  c4: {too_few_sentences: .nan}\n", 3, "rules.c4.too_few_sentences", "takes a number"),
        ("order: [c4]\nrules:\n  c4: {lorem_ipsum: 3}\n", 3, "rules.c4.lorem_ipsum", "true or false"),
        ("order: [language]\nrules:\n  language: {wanted: en}\n", 3, "rules.language.wanted", "a list"),
        ("order: [c4]\nrules:\n  c4: {lorem_ipsum: true}\n  c4: {}\n", 4, "rules.c4", "twice"),
        ("order: [c4]\nlanguages:\n  no: {}\n", 2, "languages.False", "quotes"),
        (
            "order: [c4]\nrewrite:\n  - pii\n  - c4\n",
            4,
            "rewrite.1",
            "unknown pass 'c4'; known: c4_lines, decontamination, repair, pii",
        ),
        ("order: [c4]\nrewrite: [pii, pii]\n", 2, "rewrite.1", "twice"),
        ("order: [c4]\nrewrite: pii\n", 2, "rewrite", "a list of passes"),
        ("order: [c4]\nlanguages:\n  de:\n    language: {wanted: [de]}\n", 4, "languages.de.language.wanted", "rules"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(policy_file, text, line, key, says):
    path = policy_file(text)
    with pytest.raises(PolicyError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}:{line}: {key}: ")
    assert says in str(error.value)


def test_a_policy_without_order_is_refused(policy_file):
    with pytest.raises(PolicyError, match=r"mine\.yaml: order: Field required"):
        load(policy_file("name: x\n"))


def test_broken_yaml_is_refused_with_its_line(policy_file):
    with pytest.raises(PolicyError, match=r"mine\.yaml:2: not valid YAML"):
        load(policy_file("order: [c4\n"))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(PolicyError, match="unknown policy 'finweb'; known: fineweb, fineweb2, gopher, none"):
        load("finweb")


def test_a_missing_file_is_named():
    with pytest.raises(PolicyError, match=r"absent/policy\.yaml: cannot be read"):
        load("absent/policy.yaml")


def test_files_that_extend_each_other_are_refused(policy_file):
    policy_file("extends: mine.yaml\n", "base.yaml")
    with pytest.raises(PolicyError, match="circle"):
        load(policy_file("extends: base.yaml\n"))


def test_a_policy_made_in_code_is_checked_in_the_same_way():
    with pytest.raises(ValueError, match=r"rules\.c4\.sentences: unknown threshold"):
        Policy(name="x", order=("c4",), rules={"c4": {"sentences": 3}})


def test_the_fingerprint_is_that_of_what_decides():
    written = Policy(name="a", about="text", order=("c4",), rules={"c4": {"too_few_sentences": 5.0}})
    implied = Policy(name="b", order=("c4",), languages={"de": {"c4": {"too_few_sentences": 5}}})
    assert written.fingerprint() == implied.fingerprint()
    assert written.label == f"a@{written.fingerprint()}"


def test_passes_are_the_same_in_any_order():
    one, other = (Policy(name="x", order=(), rewrite=passes) for passes in (("pii", "repair"), ("repair", "pii")))
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        {"order": ("c4", "fineweb")},
        {"order": ("fineweb", "c4"), "rules": {"c4": {"too_few_sentences": 4}}},
        {"order": ("fineweb", "c4"), "rules": {"fineweb": {"line_punct_exclude_zero": True}}},
        {"order": ("fineweb", "c4"), "languages": {"de": {"c4": {"too_few_sentences": 4}}}},
        {"order": ("fineweb", "c4"), "rewrite": ("pii",)},
    ],
)
def test_another_order_threshold_language_or_pass_is_another_fingerprint(other):
    base = Policy(name="x", order=("fineweb", "c4"))
    assert Policy(name="x", **other).fingerprint() != base.fingerprint()


def test_a_policy_survives_json():
    policy = load("fineweb2")
    assert Policy.model_validate_json(policy.model_dump_json()).label == policy.label
