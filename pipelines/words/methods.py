"""How the words of each language are found, where that is more than cutting at spaces."""

from collections.abc import Iterable
from functools import cache

# Languages, as lid.176 codes them, whose words are found by dictionary. Wu and Cantonese are cut by the dictionary of
# Chinese.
SEGMENTED = ("ja", "km", "lo", "my", "th", "wuu", "yue", "zh")

# Languages whose words are not what stands between spaces, and which have no segmenter here.
_WITHOUT_SEGMENTER = {
    "bo": "cut at spaces, which Tibetan writes between phrases",
    "ko": "cut at spaces: particles stay with their nouns",
    "vi": "cut at spaces, which Vietnamese writes between syllables",
}


@cache
def segmenter() -> str:
    """The library, with its version, that words of scripts without spaces depend on."""
    from icu4py import icu_version  # loads 30 MB of data

    return f"ICU {icu_version}"


def word_methods(languages: Iterable[str]) -> dict[str, str]:
    """Method of each of the languages whose words are not simply what stands between spaces, in order of code."""
    return {
        language: f"by the dictionaries of {segmenter()}" if language in SEGMENTED else _WITHOUT_SEGMENTER[language]
        for language in sorted(set(languages))
        if language in SEGMENTED or language in _WITHOUT_SEGMENTER
    }


def described(methods: dict[str, str]) -> str:
    """Methods in a line of text, languages with the same one together."""
    languages: dict[str, list[str]] = {}
    for language, method in methods.items():
        languages.setdefault(method, []).append(language)
    return "; ".join(f"{', '.join(codes)} {method}" for method, codes in languages.items())
