"""A policy: rule sets in order, with thresholds and overrides per language, and the passes that rewrite texts."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from pipelines.config import Config, Meaning
from pipelines.policies.passages import PassageThresholds
from pipelines.policies.rules import (
    CLASSIFIERS,
    EMPTIED,
    NOTHING_LEFT,
    RULE_SETS,
    Kind,
    Rule,
    Threshold,
    classifier_rules,
    is_classifier_key,
    thresholds,
)

DEFAULT_POLICY = "fineweb"

Pass = Literal["c4_lines", "decontamination", "repair", "pii"]
PASSES: tuple[Pass, ...] = get_args(Pass)
"""What may rewrite the text of a kept document, in the order in which the passes run: C4's line rules, removing what
is in benchmarks, undoing wrong encodings, replacing personal data."""

DECONTAMINATION: Literal["decontamination"] = "decontamination"
"""The rule set, and the pass, on what texts have in common with benchmarks."""

Path = tuple[str, ...]
Thresholds = dict[str, dict[str, Threshold]]


class Policy(Config):
    """Named thresholds, and what rewrites the texts that pass them.

    A threshold that a policy leaves out has the rule's default; 0, null or false switches the rule off.
    """

    name: Meaning[str]
    version: Meaning[int] = 1
    about: Meaning[str] = ""
    order: Meaning[tuple[str, ...]] = Field(description="rule sets that decide, in the order of the reasons")
    rules: Meaning[Thresholds] = Field(default={}, description="rule set -> threshold -> value")
    languages: Meaning[dict[str, Thresholds]] = Field(
        default={}, description="language code -> what differs from `rules`"
    )
    rewrite: Meaning[tuple[Pass, ...]] = Field(
        default=("repair", "pii"), description="passes that change texts; empty: every text stays as it was read"
    )

    passages: PassageThresholds = Field(
        default=PassageThresholds(), description="thresholds on passages that repeat, where they are measured"
    )

    @model_validator(mode="before")
    @classmethod
    def _check(cls, data: Any) -> Any:
        found = [f"{'.'.join(path)}: {message}" for path, message in problems(data)]
        if found:
            raise ValueError("; ".join(found))
        return data

    def active(self) -> tuple[Rule, ...]:
        """The rules of the policy's rule sets, in its order; some may be switched off."""
        rules = tuple(rule for rule_set in self.order for rule in self._rules_of(rule_set))
        emptied = (EMPTIED,) if "c4_lines" in self.rewrite else ()
        return (*rules, *emptied, NOTHING_LEFT) if DECONTAMINATION in self.rewrite else (*rules, *emptied)

    def decontaminating(self) -> "Policy":
        """The policy where texts are compared with benchmarks.

        One that says nothing of decontamination, as a rule set or as a pass, gets both: the rule set last if it has
        any other, the pass if it has any other. So a policy that keeps every document keeps those with overlaps too,
        and one that rewrites no text leaves overlaps in it.
        """
        if DECONTAMINATION in self.order or DECONTAMINATION in self.rewrite:
            return self
        order = (*self.order, DECONTAMINATION) if self.order else ()
        rewrite = (DECONTAMINATION, *self.rewrite) if self.rewrite else ()
        return self.model_copy(update={"order": order, "rewrite": rewrite})

    def _rules_of(self, rule_set: str) -> tuple[Rule, ...]:
        if rule_set != CLASSIFIERS:
            return RULE_SETS[rule_set]
        named = [thresholds_of.get(CLASSIFIERS, {}) for thresholds_of in (self.rules, *self.languages.values())]
        return classifier_rules(dict.fromkeys(key for each in named for key in each))

    @property
    def classifiers(self) -> tuple[str, ...]:
        """Names of the classifiers whose scores some rule looks at."""
        rules = (rule for rule in self.active() if rule.rule_set == CLASSIFIERS)
        judging = (rule for rule in rules if any(self.threshold(rule, code) for code in (None, *self.languages)))
        return tuple(dict.fromkeys(rule.measure.partition(".")[2] for rule in judging))

    def measure(self, rule: Rule) -> str:
        """Path in table `measures` of what the rule looks at: of the text as C4's line rules leave it, if they run."""
        return rule.after_c4 if rule.after_c4 and "c4_lines" in self.rewrite else rule.measure

    def threshold(self, rule: Rule, language: str | None = None) -> Threshold:
        """The rule's threshold for a language; None when the rule is off."""
        return self._value(rule.rule_set, rule.key, rule.default, language) or None

    def spares_zero(self, rule: Rule, language: str | None = None) -> bool:
        """Whether a measure of exactly 0 passes the rule."""
        return rule.spare_zero is not None and bool(self._value(rule.rule_set, rule.spare_zero, False, language))

    def _value(self, rule_set: str, key: str, default: Threshold, language: str | None) -> Threshold:
        base = self.rules.get(rule_set, {}).get(key, default)
        return self.languages.get(language or "", {}).get(rule_set, {}).get(key, base)

    def fingerprint(self) -> str:
        """16 hex digits of the effective thresholds and passes: equal for policies that always decide the same.

        Thresholds on passages are not among them: they decide later, and apart.
        """

        def effective(language: str | None) -> dict[str, Any]:
            return {
                rule.reason: (_canonical(self.threshold(rule, language)), self.spares_zero(rule, language))
                for rule in self.active()
            }

        base = effective(None)
        differing = {code: effective(code) for code in sorted(self.languages) if effective(code) != base}
        canonical = json.dumps(
            [list(base.items()), differing, sorted(self.rewrite)], sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """The value of column `policy` in the decisions: `name@fingerprint`."""
        return f"{self.name}@{self.fingerprint()}"


def _canonical(threshold: Threshold) -> Threshold:
    """Equal for 3 and 3.0, and for lists in another order."""
    if isinstance(threshold, tuple):
        return tuple(sorted(threshold))
    return threshold if threshold is None or isinstance(threshold, bool) else float(threshold)


def problems(data: Any) -> Iterator[tuple[Path, str]]:
    """(path of keys, what is wrong) for each mistake in a policy given as plain data."""
    if not isinstance(data, Mapping):
        yield (), f"a policy is a mapping of keys, not {type(data).__name__}"
        return
    for index, rule_set in enumerate(_sequence(data.get("order"))):
        if rule_set not in RULE_SETS:
            yield ("order", str(index)), _unknown("rule set", rule_set, RULE_SETS)
        elif rule_set in _sequence(data["order"])[:index]:
            yield ("order", str(index)), f"rule set {rule_set!r} stands twice in the order"
    yield from _rewrite_problems(data.get("rewrite", []))
    yield from _threshold_problems(("rules",), data.get("rules"))
    if CLASSIFIERS in _mapping(data.get("rules")) and CLASSIFIERS not in _sequence(data.get("order")):
        yield ("rules", CLASSIFIERS), f"stands in no order: add {CLASSIFIERS!r} to `order`"
    languages = data.get("languages")
    if languages is not None and not isinstance(languages, Mapping):
        yield ("languages",), "takes language codes, each with rule sets"
        return
    for code, overrides in (languages or {}).items():
        # YAML reads a bare `no`, the code of Norwegian, as false.
        if not isinstance(code, str):
            yield ("languages", str(code)), "a language code is text: write it in quotes"
            continue
        yield from _threshold_problems(("languages", code), overrides)
        if isinstance(overrides, Mapping) and "wanted" in (overrides.get("language") or {}):
            yield ("languages", code, "language", "wanted"), "which languages are wanted belongs under `rules`"


def _rewrite_problems(passes: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(passes, list | tuple):
        yield ("rewrite",), f"takes a list of passes ([]: none); known: {', '.join(PASSES)}"
    for index, name in enumerate(_sequence(passes)):
        if name not in PASSES:
            yield ("rewrite", str(index)), f"unknown pass {name!r}; known: {', '.join(PASSES)}"
        elif name in _sequence(passes)[:index]:
            yield ("rewrite", str(index)), f"pass {name!r} stands twice"


def _threshold_problems(path: Path, rule_sets: Any) -> Iterator[tuple[Path, str]]:
    if rule_sets is not None and not isinstance(rule_sets, Mapping):
        yield path, "takes rule sets, each with thresholds"
        return
    for rule_set, values in (rule_sets or {}).items():
        here = (*path, str(rule_set))
        if rule_set not in RULE_SETS:
            yield here, _unknown("rule set", rule_set, RULE_SETS)
        elif not isinstance(values, Mapping):
            yield here, "takes thresholds: `key: value`"
        elif rule_set == CLASSIFIERS:
            yield from _classifier_problems(here, values)
        else:
            known = thresholds(rule_set)
            for key, value in values.items():
                if key not in known:
                    yield (*here, str(key)), _unknown("threshold", key, known)
                elif not _fits(value, known[key]):
                    yield (*here, str(key)), f"takes {WORDS[known[key]]}, not {value!r}"


def _classifier_problems(path: Path, values: Mapping[Any, Any]) -> Iterator[tuple[Path, str]]:
    for key, value in values.items():
        if not is_classifier_key(str(key)):
            yield (*path, str(key)), "takes `min_<classifier>: score` and `max_<classifier>: score`"
        elif not _fits(value, "number") or (value or 0) > 1:
            yield (*path, str(key)), f"takes a number from 0 to 1 (0, null or false: rule off), not {value!r}"


WORDS: dict[Kind, str] = {
    "number": "a number not below 0 (0, null or false: rule off)",
    "switch": "true or false",
    "names": "a list of texts (null: any)",
}


def _fits(value: Any, kind: Kind) -> bool:
    if value is None or value is False:
        return True
    if kind == "switch":
        return value is True
    if kind == "names":
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    # `not value < 0` would let NaN through
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _sequence(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _unknown(what: str, name: Any, known: Mapping[str, Any]) -> str:
    return f"unknown {what} {name!r}; known: {', '.join(known)}"
