"""Every rule that a policy can apply: its reason, its measure, and the comparison that fails.

A reason is `<rule set>.<rule>`. The order of `RULES` inside a rule set is the order in which datatrove 0.10.1 checks,
so that element 0 of a document's reasons is the reason datatrove gives.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

# A number bounds a measure, a list holds the allowed values, true switches a boolean rule on.
# 0, None, false and an empty list switch the rule off.
Threshold = bool | int | float | tuple[str, ...] | None
Kind = Literal["number", "switch", "names"]


class Comparison(StrEnum):
    """What makes a rule fail: `measure <comparison> threshold`. A null measure fails nothing but `NOT_IN`."""

    BELOW = "<"
    ABOVE = ">"
    AT_MOST = "<="
    NOT_IN = "not in"
    IS_TRUE = "is true"
    IS_ZERO = "is zero"


KINDS: dict[Comparison, Kind] = {
    Comparison.BELOW: "number",
    Comparison.ABOVE: "number",
    Comparison.AT_MOST: "number",
    Comparison.NOT_IN: "names",
    Comparison.IS_TRUE: "switch",
    Comparison.IS_ZERO: "switch",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `measure` is the column's path in table `measures`; `after_c4` that of the same measure of the text that C4's line
    rules leave (None: there is none; in rows of earlier versions its struct is null, and `measure` is of that text);
    `default` the threshold where a policy names none; `datatrove` the reason that datatrove 0.10.1 gives (None: it has
    no such reason); `spare_zero` a switch of the rule set under which a measure of exactly 0 passes.
    """

    rule_set: str
    name: str
    measure: str
    comparison: Comparison
    default: Threshold
    key: str  # of the threshold in a policy
    after_c4: str | None = None
    datatrove: str | None = None
    spare_zero: str | None = None

    @property
    def reason(self) -> str:
        return f"{self.rule_set}.{self.name}"

    @property
    def kind(self) -> Kind:
        return KINDS[self.comparison]


def _rule(
    reason: str, measure: str, comparison: str, default: Threshold, datatrove: str | None = "", key: str = ""
) -> Rule:
    rule_set, name = reason.split(".")
    peer = name if datatrove == "" else datatrove
    spare_zero = "line_punct_exclude_zero" if name == "line_punct_ratio" else None
    after_c4 = f"c4_{measure}" if rule_set in ("fineweb", "text", "decontamination") else None
    return Rule(rule_set, name, measure, Comparison(comparison), default, key or name, after_c4, peer, spare_zero)


def _repetition(name: str, default: float) -> Rule:
    return _rule(f"gopher_repetition.{name}", f"gopher_repetition.{name}", ">", default)


RULES: tuple[Rule, ...] = (
    # datatrove's language filter gives no reason; it keeps a score strictly above its threshold.
    _rule("language.not_wanted", "language", "not in", None, None, key="wanted"),
    _rule("language.low_score", "language_score", "<=", 0.65, None, key="min_score"),
    # datatrove names the kind of list (domain, subdomain, url, hard_blacklisted ...).
    _rule("url.listed", "url_listed", "is true", True, None),
    # RFC 9110, section 15: 2xx answer with what was asked for; above them stand redirects and errors.
    _rule("http.status", "http_status", ">", 299, None),
    # Rae et al. 2021, "Scaling Language Models", table A1.
    _rule("gopher_repetition.empty", "size.characters", "is zero", True),
    _repetition("dup_para_frac", 0.3),
    _repetition("dup_para_char_frac", 0.2),
    _repetition("dup_line_frac", 0.3),
    _repetition("dup_line_char_frac", 0.2),
    _repetition("top_2_gram", 0.2),
    _repetition("top_3_gram", 0.18),
    _repetition("top_4_gram", 0.16),
    _repetition("duplicated_5_n_grams", 0.15),
    _repetition("duplicated_6_n_grams", 0.14),
    _repetition("duplicated_7_n_grams", 0.13),
    _repetition("duplicated_8_n_grams", 0.12),
    _repetition("duplicated_9_n_grams", 0.11),
    _repetition("duplicated_10_n_grams", 0.1),
    # Rae et al. 2021, appendix A.1.1.
    _rule("gopher_quality.short_doc", "gopher_quality.words", "<", 50, "gopher_short_doc"),
    _rule("gopher_quality.long_doc", "gopher_quality.words", ">", 100_000, "gopher_long_doc"),
    _rule(
        "gopher_quality.below_avg_threshold",
        "gopher_quality.mean_word_length",
        "<",
        3,
        "gopher_below_avg_threshold",
    ),
    _rule(
        "gopher_quality.above_avg_threshold",
        "gopher_quality.mean_word_length",
        ">",
        10,
        "gopher_above_avg_threshold",
    ),
    _rule("gopher_quality.too_many_hashes", "gopher_quality.hash_ratio", ">", 0.1, "gopher_too_many_hashes"),
    _rule("gopher_quality.too_many_ellipsis", "gopher_quality.ellipsis_ratio", ">", 0.1, "gopher_too_many_ellipsis"),
    _rule("gopher_quality.too_many_bullets", "gopher_quality.bullet_line_ratio", ">", 0.9, "gopher_too_many_bullets"),
    _rule(
        "gopher_quality.too_many_end_ellipsis",
        "gopher_quality.ellipsis_line_ratio",
        ">",
        0.3,
        "gopher_too_many_end_ellipsis",
    ),
    _rule(
        "gopher_quality.below_alpha_threshold",
        "gopher_quality.alpha_word_ratio",
        "<",
        0.8,
        "gopher_below_alpha_threshold",
    ),
    _rule("gopher_quality.too_few_stop_words", "gopher_quality.stop_words", "<", 2, "gopher_enough_stop_words"),
    # Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.2.
    _rule("c4.lorem_ipsum", "c4.lorem_ipsum", "is true", True),
    _rule("c4.curly_bracket", "c4.curly_bracket", "is true", True),
    _rule("c4.too_few_sentences", "c4.sentences", "<", 5),
    # Penedo et al. 2024, "The FineWeb Datasets", section 3.6, with datatrove's values.
    _rule("fineweb.empty", "fineweb.lines", "is zero", True),
    _rule("fineweb.line_punct_ratio", "fineweb.line_punct_ratio", "<", 0.12),
    _rule("fineweb.short_line_ratio", "fineweb.short_line_ratio", ">", 0.67),
    _rule("fineweb.char_dup_ratio", "fineweb.char_dup_ratio", ">", 0.01),
    _rule("fineweb.list_ratio", "fineweb.list_ratio", ">", 0.3),
    # Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C: documents in more than ten pieces go.
    _rule("decontamination.fraction", "contamination.fraction", ">", 0.2, None, key="max_fraction"),
    _rule("decontamination.passages", "contamination.passages", ">", 10, None, key="max_passages"),
)

CLASSIFIERS = "classifiers"
"""The rule set of quality classifiers. Its rules are those that a policy names (`classifier_rules`)."""

RULE_SETS: dict[str, tuple[Rule, ...]] = {
    name: tuple(rule for rule in RULES if rule.rule_set == name) for name in dict.fromkeys(r.rule_set for r in RULES)
} | {CLASSIFIERS: ()}

EMPTIED = _rule("text.empty", "size.characters", "is zero", True, None)
"""The rule that every policy with C4's line rules ends with, and that none can switch off: no text becomes empty."""

NOTHING_LEFT = _rule("text.nothing_left", "contamination.left", "is zero", True, None)
"""The same for policies that remove what texts have in common with benchmarks."""

BY_REASON: dict[str, Rule] = {rule.reason: rule for rule in (*RULES, EMPTIED, NOTHING_LEFT)}

# reason -> datatrove 0.10.1's name of it, for comparisons
DATATROVE: dict[str, str] = {rule.reason: rule.datatrove for rule in RULES if rule.datatrove}


_CLASSIFIER_KEY = re.compile(r"(min|max)_([a-z][a-z0-9_]*)")


def classifier_rules(keys: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of thresholds `min_<classifier>` and `max_<classifier>`, each with a reason of its own.

    A score below the first fails `classifiers.low_<classifier>`, one above the second `classifiers.high_<classifier>`.
    """
    rules = []
    for key in keys:
        bound, name = _CLASSIFIER_KEY.fullmatch(key).groups()  # type: ignore[union-attr]
        reason, comparison = ("low", Comparison.BELOW) if bound == "min" else ("high", Comparison.ABOVE)
        rules.append(Rule(CLASSIFIERS, f"{reason}_{name}", f"{CLASSIFIERS}.{name}", comparison, None, key))
    return tuple(rules)


def is_classifier_key(key: str) -> bool:
    """Whether a threshold of the rule set `classifiers` can have this name."""
    return _CLASSIFIER_KEY.fullmatch(key) is not None


def thresholds(rule_set: str) -> dict[str, Kind]:
    """The keys a policy may set in a rule set, with what they take."""
    keys: dict[str, Kind] = {rule.key: rule.kind for rule in RULE_SETS[rule_set]}
    return keys | {rule.spare_zero: "switch" for rule in RULE_SETS[rule_set] if rule.spare_zero}
