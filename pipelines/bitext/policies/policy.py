"""Named thresholds for the rules of sentence pairs, with overrides for pairs of languages."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from pipelines.bitext.languages import base
from pipelines.bitext.rules.catalogue import LANGUAGE_RULE, RULES
from pipelines.config import Config, Meaning

Thresholds = Mapping[str, float | None]

KNOWN = (*RULES, LANGUAGE_RULE)
"""Every rule that a threshold can be given."""


class PairPolicy(Config):
    """Thresholds by rule; a rule without one, or with null, is off."""

    name: Meaning[str] = Field(min_length=1, description="shown with every decision")
    version: Meaning[int] = Field(1, ge=1, description="raised when thresholds change")
    about: Meaning[str] = Field("", description="where the thresholds are from")
    rules: Meaning[dict[str, float | None]] = Field({}, description="rule -> threshold, or null: off")
    pairs: Meaning[dict[str, dict[str, float | None]]] = Field(
        {}, description="pair of languages, `en-de` or `*-ja`, -> rules that have another threshold there"
    )

    @property
    def label(self) -> str:
        """`name@fingerprint`, as in `pair_decisions.policy`."""
        return f"{self.name}@{self.fingerprint()}"

    @property
    def identifies_languages(self) -> bool:
        """Whether some threshold looks at the identified languages."""
        return any(each.get(LANGUAGE_RULE) is not None for each in (self.rules, *self.pairs.values()))

    def thresholds(self, source: str, target: str) -> Thresholds:
        """Those in force for a pair of languages: `*-de` and `en-*` over all, `en-de` over these."""
        one, other = base(source), base(target)
        found = dict(self.rules)
        for key in (f"{one}-*", f"*-{other}", f"{one}-{other}"):
            found |= self.pairs.get(key, {})
        return found


def problems(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path of keys, what is wrong) of rules and pairs of languages in the content of a policy's file."""
    yield from _of_rules(data.get("rules"), ("rules",))
    pairs = data.get("pairs") or {}
    if not isinstance(pairs, dict):
        yield ("pairs",), "must map pairs of languages, such as en-de, to rules"
        return
    for key, rules in pairs.items():
        one, dash, other = str(key).partition("-")
        if (
            not (dash and one and other)
            or (one == "*" and other == "*")
            or any(each != "*" and not (each.isalpha() and each.islower()) for each in (one, other))
        ):
            yield ("pairs", str(key)), "is no pair of languages such as en-de, en-* or *-ja"
        yield from _of_rules(rules, ("pairs", str(key)))


def _of_rules(rules: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if rules is None:
        return
    if not isinstance(rules, dict):
        yield path, "must map rules to thresholds"
        return
    for name, value in rules.items():
        if name not in KNOWN:
            yield (*path, str(name)), f"unknown rule; known: {', '.join(KNOWN)}"
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield (*path, str(name)), f"{value!r} is neither a number nor null"
