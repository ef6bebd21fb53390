"""Measures of pairs that tests give as texts, and OpusFilter's definitions written out plainly."""

import difflib
import math

import pyarrow as pa
import regex

from pipelines.bitext.rules.measures import measure
from pipelines.tables import PAIRS


def batch(pairs, languages=("en", "de")) -> pa.RecordBatch:
    rows = [
        {
            "pair_id": f"{number:032x}",
            "source": "test",
            "source_text": source,
            "target_text": target,
            "source_language": languages[0],
            "target_language": languages[1],
        }
        for number, (source, target) in enumerate(pairs)
    ]
    given = pa.RecordBatch.from_pylist(rows, PAIRS.schema)
    return given.append_column("priority", pa.array([0] * len(rows), pa.int32()))


def measures(pairs, languages=("en", "de"), identify=False) -> list[dict]:
    """The rows of `pair_measures`."""
    return measure(batch(pairs, languages), identify, 0, "run").to_pylist()


def of(source, target="Ein Satz.", languages=("en", "de")) -> dict:
    (row,) = measures([(source, target)], languages)
    return row


def plain_opus(source: str, target: str) -> dict:
    """The scores of OpusFilter's filters, by their definitions, a pair at a time."""
    words = [text.split() for text in (source, target)]
    low, high = sorted(map(len, words))
    alphabetic = [regex.findall(r"\p{Alphabetic}", text) for text in (source, target)]
    marks = [sum(text.count(mark) for mark in ".?!…") for text in (source, target)]
    digits = [[c for c in text if c in "123456789"] for text in (source, target)]
    found = {
        "length_ratio": (math.inf if high else 0.0) if not low else high / low,
        "terminal_punctuation": -math.log(abs(marks[0] - marks[1]) + sum(max(n - 1, 0) for n in marks) + 1),
        "numerals": difflib.SequenceMatcher(None, *digits).ratio(),
        "common_substring": _common(source, target),
        "similarity": _similarity(source, target),
    }
    for side, text, parts, letters in zip(("source", "target"), (source, target), words, alphabetic, strict=True):
        found[f"{side}_words"] = len(parts)
        found[f"{side}_longest_word"] = max(map(len, parts), default=0)
        found[f"{side}_average_word_length"] = len("".join(parts)) / len(parts) if parts else 0
        found[f"{side}_alphabet_ratio"] = len(letters) / len(text) if text else 1.0
        latin = regex.findall(r"\p{Script=Latin}", "".join(letters))
        found[f"{side}_script_ratio"] = len(latin) / len(letters) if letters else 1.0
        match = regex.search(r"(\S.{2,100}?)(?: *\1){2,}", text)
        found[f"{side}_repetitions"] = match[0].count(match[1]) - 1 if match else 0
    return found


def _common(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    longest = max((j - i for i in range(len(one)) for j in range(i + 1, len(one) + 1) if one[i:j] in other), default=0)
    return longest / min(len(one), len(other))


def _similarity(one: str, other: str) -> float:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, above = [i], row
        for j, b in enumerate(other, 1):
            row.append(min(above[j - 1] + (a != b), above[j] + 1, row[-1] + 1))
    return 1 - row[-1] / max(len(one), len(other)) if one or other else 1.0
