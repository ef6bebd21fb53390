"""Whether a text is in the language in which an encoding was supposed to be likely, by language identification.

The letters beyond ASCII are few in a short text; what stands between them tells its language too. `Kada gimë Dalia` is
no Dutch, `Kada gimė Dalia` is Lithuanian.
"""

import math
from collections.abc import Sequence

from pipelines.readers.encoding_languages import MANY

# Languages of `encoding_languages` -> labels of lid.176 that are them, or are often taken for them.
_LABELS = {
    "Albanian": "sq",
    "Arabic": "ar arz",
    "Belarusian": "be",
    "Breton": "br",
    "Bulgarian": "bg",
    "Catalan": "ca",
    "Chinese": "zh yue wuu",
    "Croatian, Slovene": "hr sl sh bs sr",
    "Czech": "cs",
    "Danish, Norwegian": "da no nn",
    "Dutch": "nl",
    "Esperanto": "eo",
    "Estonian": "et",
    "Faroese": "fo is",
    "Finnish, Swedish": "fi sv",
    "French": "fr oc wa",
    "German": "de als lb nds",
    "Greek": "el",
    "Hebrew": "he yi",
    "Hungarian": "hu",
    "Icelandic": "is",
    "Irish": "ga gd",
    "Italian": "it lmo scn",
    "Japanese": "ja",
    "Korean": "ko",
    "Latvian": "lv",
    "Lithuanian": "lt",
    "Macedonian": "mk",
    "Maltese": "mt",
    "Persian": "fa",
    "Polish": "pl",
    "Portuguese": "pt gl mwl",
    "Romanian": "ro",
    "Russian": "ru",
    "Serbian": "sr",
    "Slovak": "sk",
    "Sorbian": "hsb dsb",
    "Spanish": "es ast an gl",
    "Thai": "th",
    "Turkish": "tr az",
    "Ukrainian": "uk",
    "Vietnamese": "vi",
    "Welsh": "cy",
}
_UNKNOWN = 0.1  # probability that a text looks as it does, in a language that identification does not know
_OTHERWISE = 0.15  # that it is in a language in spite of its label
_LEAST = 2e-2
_WEIGHT = 1.2  # found with single sentences, which no table was made from


def agreement(texts: Sequence[str], languages: Sequence[str]) -> list[float]:
    """For each text and the language it should be in: what to add to the logarithm of its likelihood."""
    from pipelines.language.identification import identify  # compiles kernels, which few files need

    distinct = list(dict.fromkeys(texts))
    said = dict(zip(distinct, zip(*identify(distinct), strict=True), strict=True))
    return [_agreement(*said[text], language) for text, language in zip(texts, languages, strict=True)]


def _agreement(label: str, score: float, language: str) -> float:
    if language == MANY:
        agrees = not any(label in labels.split() for labels in _LABELS.values())
    elif language in _LABELS:
        agrees = label in _LABELS[language].split()
    else:
        return 0.0
    probable = score if agrees else (1 - score) * _OTHERWISE
    return _WEIGHT * math.log(max(probable, _LEAST) / _UNKNOWN)
