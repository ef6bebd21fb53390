"""Measures and decisions of sentence pairs equal those of OpusFilter's own filters, in an environment of its own."""

import json
import os
import random
import subprocess
from pathlib import Path

import pair_filters
import pyarrow as pa
import pytest
from bitext.measured import batch

from benchmarks.environments import OFFLINE
from pipelines.bitext.policies.decide import decide
from pipelines.bitext.policies.files import load
from pipelines.bitext.rules.measures import measure

pytestmark = pytest.mark.oracle

# filter -> measures of `pair_measures.opus`, and the rules that stand for its threshold
FILTERS = {
    "length": (("source_words", "target_words"), ("too_few_words", "too_many_words")),
    "length_ratio": (("length_ratio",), ("length_ratio",)),
    "long_word": (("source_longest_word", "target_longest_word"), ("long_word",)),
    "average_word_length": (
        ("source_average_word_length", "target_average_word_length"),
        ("short_words", "long_words"),
    ),
    "html_tag": (("source_html_tag", "target_html_tag"), ("html_tag",)),
    "alphabet_ratio": (("source_alphabet_ratio", "target_alphabet_ratio"), ("alphabet_ratio",)),
    "character_score": (("source_script_ratio", "target_script_ratio"), ("script_ratio",)),
    "terminal_punctuation": (("terminal_punctuation",), ("terminal_punctuation",)),
    "numerals": (("numerals",), ("numerals",)),
    "common_substring": (("common_substring",), ("common_substring",)),
    "similarity": (("similarity",), ("similarity",)),
    "repetition": (("source_repetitions", "target_repetitions"), ("repetition",)),
}
SHORT = 200
"""Characters; in longer texts difflib leaves frequent characters out of the common substring."""


def pairs() -> list[tuple[str, str]]:
    """Sentences with every kind of trouble that the filters look for; the same ones in each run."""
    chosen = random.Random(14)
    words = ["Tom", "said", "that", "20", "of", "305", "people", "...", "Straße", "ÄÖÜ", "«so»", "<b>bold</b>"]
    words += ["<br/>", "a<b", "3<4", "!?", "…", "café", "naïve"]
    words += [
        "привет",
        "漢字",
        "donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
        "ha ha ha ha",
        "\u00a0",
        "1999",
    ]
    found = [("", ""), ("", "x"), (" ", "x"), ("same text", "same text"), ("Same text.", "same text!")]
    for _ in range(2500):
        source = " ".join(chosen.choices(words, k=chosen.randint(1, 14)))
        is_close = chosen.random() < 0.3
        target = source if is_close else " ".join(chosen.choices(words, k=chosen.randint(1, 14)))
        edited = list(target)
        for _ in range(chosen.randint(0, 4) if is_close else 0):
            edited[chosen.randrange(len(edited))] = chosen.choice("abc .1")
        found.append((source, "".join(edited)))
    return [*found, ("word " * 101, "word " * 100), ("ab c " * 3, "abc" * 40)]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """filter -> (scores, accepted) of each pair."""
    python = pair_filters.python()
    if python is None:
        pytest.skip("OpusFilter is absent: make oracle")
    request, answer = (tmp_path_factory.mktemp("opusfilter") / name for name in ("request.json", "answer.jsonl"))
    request.write_text(json.dumps({"pairs": pairs(), "scripts": ["Latin", "Latin"]}))
    script = Path(__file__).with_name("opusfilter_scores.py")
    command = [str(python), "-I", str(script), str(request), str(answer)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | OFFLINE)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = map(json.loads, answer.read_text("utf-8").splitlines())
    return {name: (scores, accepted) for name, scores, accepted in rows}


@pytest.fixture(scope="module")
def ours() -> pa.RecordBatch:
    return measure(batch(pairs()), False, 0, "run")


def is_comparable(name: str, pair: tuple[str, str]) -> bool:
    return name != "common_substring" or max(map(len, pair)) < SHORT


@pytest.mark.parametrize("name", FILTERS)
def test_measures_are_the_scores(answers, ours, name):
    fields, _ = FILTERS[name]
    columns = [ours["opus"].field(field).to_pylist() for field in fields]
    for pair, scores, *values in zip(pairs(), answers[name][0], *columns, strict=True):
        if name == "repetition":
            values = [max(values)]
        expected = scores if isinstance(scores, list) else [scores]
        if is_comparable(name, pair):
            assert values == pytest.approx(expected), pair


@pytest.mark.parametrize("name", FILTERS)
def test_decisions_are_the_verdicts_of_the_defaults(answers, ours, name):
    _, rules = FILTERS[name]
    reasons = decide(ours, load("opus"), "run")["reasons"].to_pylist()
    failed = [any(reason.partition(":")[0].removeprefix("opus.") in rules for reason in each) for each in reasons]
    wrong = [
        pair
        for pair, ours_failed, accepted in zip(pairs(), failed, answers[name][1], strict=True)
        if ours_failed == accepted and is_comparable(name, pair)
    ]
    assert not wrong
    assert 0 < sum(failed) < len(failed)
