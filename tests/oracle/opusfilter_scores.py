"""Runs in OpusFilter's environment: python opusfilter_scores.py REQUEST ANSWER

The request is a JSON object with `pairs`, `scripts`; the answer has one JSON line a filter: name, scores, accepted.
"""

import json
import sys
from pathlib import Path

from opusfilter import filters

request = json.loads(Path(sys.argv[1]).read_text("utf-8"))
made = {
    "length": filters.LengthFilter(),
    "length_ratio": filters.LengthRatioFilter(),
    "long_word": filters.LongWordFilter(),
    "average_word_length": filters.AverageWordLengthFilter(),
    "html_tag": filters.HtmlTagFilter(),
    "alphabet_ratio": filters.AlphabetRatioFilter(),
    "character_score": filters.CharacterScoreFilter(scripts=request["scripts"]),
    "terminal_punctuation": filters.TerminalPunctuationFilter(),
    "numerals": filters.NonZeroNumeralsFilter(),
    "common_substring": filters.LongestCommonSubstringFilter(),
    "similarity": filters.SimilarityFilter(),
    "repetition": filters.RepetitionFilter(),
}
with open(sys.argv[2], "w", encoding="utf-8") as answer:
    for name, each in made.items():
        scores = list(each.score(request["pairs"]))
        answer.write(json.dumps([name, scores, [bool(each.accept(score)) for score in scores]]) + "\n")
