"""Features of translation: language pairs, translation memory, glossaries."""

from features.catalogue.entities import DOMAIN, LANGUAGE_PAIR, SEGMENT, TERM
from features.definition.value_type import ValueType
from features.definition.view import Expectation, Feature, View

_POSITIVE = Expectation(minimum=0)
_SHARE = Expectation(minimum=0, maximum=1)

LANGUAGE_PAIR_STATISTICS = View(
    "language_pair_statistics",
    entities=LANGUAGE_PAIR,
    features=(
        Feature("pairs", ValueType.INT64, "sentence pairs counted", Expectation(minimum=1, required=True)),
        Feature(
            "length_ratio_mean", ValueType.DOUBLE, "characters of the target per character of the source", _POSITIVE
        ),
        Feature("length_ratio_deviation", ValueType.DOUBLE, "standard deviation of this ratio over pairs", _POSITIVE),
        Feature("source_characters_p50", ValueType.INT64, "median length of sources in characters", _POSITIVE),
        Feature("source_characters_p99", ValueType.INT64, "99th percentile of them", _POSITIVE),
        Feature("target_characters_p50", ValueType.INT64, "median length of targets in characters", _POSITIVE),
        Feature("target_characters_p99", ValueType.INT64, "99th percentile of them", _POSITIVE),
        Feature(
            "source_characters_per_token",
            ValueType.DOUBLE,
            "with the lake's tokenizer; null without one",
            _POSITIVE,
        ),
        Feature("target_characters_per_token", ValueType.DOUBLE, "the same of targets", _POSITIVE),
        Feature("unknown_share", ValueType.DOUBLE, "share of unknown tokens in both sides; null likewise", _SHARE),
    ),
    about="lengths and tokens of a language pair: for batching, timeouts and checks of what a model returns",
)

SEGMENT_MEMORY = View(
    "segment_memory",
    entities=(SEGMENT, *LANGUAGE_PAIR),
    features=(
        Feature("best_target", ValueType.STRING, "the most frequent translation; of equals, the shortest, then first"),
        Feature("score", ValueType.FLOAT, "its share of the translations seen", _SHARE),
        Feature("count", ValueType.INT64, "translations seen, repeated ones too", Expectation(minimum=1)),
        Feature("targets", ValueType.STRING_LIST, "distinct translations, most frequent first, ten at most"),
        Feature("last_seen", ValueType.UNIX_TIMESTAMP, "when a translation was last seen"),
    ),
    about="translation memory: what a source segment was translated to",
)

TERM_GLOSSARY = View(
    "term_glossary",
    entities=(DOMAIN, TERM, *LANGUAGE_PAIR),
    features=(
        Feature("target", ValueType.STRING, "how the term must be translated", Expectation(required=True)),
        Feature("forbidden", ValueType.STRING_LIST, "translations that must not be used"),
        Feature("case_sensitive", ValueType.BOOL, "whether only this spelling is the term"),
        Feature("note", ValueType.STRING, "for translators"),
    ),
    about="terminology of a domain or client: constraints on a translation",
)
