"""The one list of rules for sentence pairs: what each looks at, and on which side of its threshold a pair fails."""

from dataclasses import dataclass
from typing import Literal

SIDES = ("source", "target")

Fails = Literal["below", "above", "at_least", "at_most"]
"""When a value fails: `< threshold`, `> threshold`, `>= threshold`, `<= threshold`."""


@dataclass(frozen=True, slots=True)
class PairRule:
    """One rule. A measure that is null fails no rule."""

    name: str  # <set>.<rule>
    measure: str  # field of the set's struct in `pair_measures`; of a rule on sides without `source_`
    fails: Fails
    sides: bool = True  # whether each side is looked at by itself
    about: str = ""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """(reason, path of the measure) of everything that can fail."""
        rules, _, _ = self.name.partition(".")
        if not self.sides:
            return ((self.name, f"{rules}.{self.measure}"),)
        return tuple((f"{self.name}:{side}", f"{rules}.{side}_{self.measure}") for side in SIDES)


_ALL = (
    PairRule("opus.too_few_words", "words", "below", about="words apart by white space"),
    PairRule("opus.too_many_words", "words", "above"),
    PairRule("opus.length_ratio", "length_ratio", "at_least", False, "words of the longer side over the shorter"),
    PairRule("opus.long_word", "longest_word", "at_least", about="characters of the longest word"),
    PairRule("opus.short_words", "average_word_length", "below", about="mean characters of a word"),
    PairRule("opus.long_words", "average_word_length", "above"),
    PairRule("opus.alphabet_ratio", "alphabet_ratio", "below", about="alphabetic characters of all"),
    PairRule("opus.script_ratio", "script_ratio", "below", about="alphabetic characters in the language's script"),
    PairRule("opus.terminal_punctuation", "terminal_punctuation", "below", False, "marks that one side has alone"),
    PairRule("opus.numerals", "numerals", "below", False, "likeness of the digits 1 to 9 of both sides"),
    PairRule("opus.common_substring", "common_substring", "at_least", False, "of the shorter side"),
    PairRule("opus.similarity", "similarity", "at_least", False, "1 - Levenshtein distance over the longer side"),
    PairRule("opus.repetition", "repetitions", "at_least", about="a substring of 3 characters or more, in a row"),
    PairRule("opus.html_tag", "html_tag", "at_least", about="an HTML element"),
    PairRule("hardrules.too_long", "characters", "at_least", about="characters"),
    PairRule("hardrules.too_short", "words", "below", about="words; characters in scripts without spaces"),
    PairRule(
        "hardrules.length_ratio", "length_ratio", "above", False, "characters of the longer side over the shorter"
    ),
    PairRule("hardrules.identical", "identical", "at_least", False, "both sides have the same letters"),
    PairRule("hardrules.literals", "literals", "at_least", about='{{ }} %s Re: +++ *** ="'),
    PairRule("hardrules.only_symbols", "letter_share", "at_most", about="letters of all characters"),
    PairRule("hardrules.only_numbers", "digit_share", "at_least", about="digits of all characters"),
    PairRule("hardrules.urls", "urls", "at_least", about="addresses of pages"),
    PairRule("hardrules.breadcrumbs", "breadcrumbs", "at_least", about="a path through a site"),
    PairRule("hardrules.glued_words", "glued_words", "at_least", about="capitals within words"),
    PairRule("hardrules.repeated_words", "repeated_words", "above", about="times a word follows itself"),
    PairRule("hardrules.high_latin_run", "high_latin_run", "at_least", about="U+0080 to U+00FF in a row"),
    PairRule("hardrules.spaced_letters", "spaced_letters", "at_least", about="single letters apart by spaces"),
    PairRule("hardrules.brackets", "brackets", "above", about="opening brackets of all kinds"),
    PairRule("hardrules.unbalanced_brackets", "unbalanced_brackets", "above", about="[ { ⟨ without their other half"),
    PairRule("hardrules.closing_brackets", "closing_difference", "above", False, "difference of `)` between sides"),
    PairRule("hardrules.escapes", "escapes", "at_least", about="\\u00e9 U+00E9 &#233;"),
    PairRule("hardrules.mojibake", "mojibake", "at_least", about="Ã and Â where the language has none"),
    PairRule("hardrules.title", "capitalised_share", "at_least", about="words that begin with a capital"),
)

RULES = {rule.name: rule for rule in _ALL}
"""Name -> rule, in the order of the reasons."""

LANGUAGE_RULE = "language.wrong"
"""Fails a side that is identified as another language with at least this probability."""
