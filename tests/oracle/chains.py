"""The two published chains of filters: with which settings datatrove runs them, and what our measures say of them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from pipelines.policies.decide import reasons
from pipelines.policies.files import load
from pipelines.policies.policy import Policy
from pipelines.policies.rules import BY_REASON, DATATROVE
from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import measure
from pipelines.rules.stop_words import stop_words

CHAINS = ("fineweb", "fineweb2")  # names of our policies
OFF = 999  # datatrove has no switch for a FineWeb rule; its FineWeb2 script takes this

Settings = dict[str, Any]


@cache
def policy(chain: str) -> Policy:
    """The policy without the rules that look at no text."""
    whole = load(chain)
    return whole.model_copy(
        update={"order": tuple(name for name in whole.order if name not in ("http", "language", "url"))}
    )


def settings(language: str) -> dict[str, list[tuple[str, Settings]]]:
    """Chain -> datatrove's filters in order, with their arguments.

    FineWeb: datatrove's own defaults, and what its script says of C4. FineWeb2: the policy's thresholds, which are
    those of the published files. Stop words are no part of the comparison: both sides have ours.
    """
    words: Settings = {"stop_words": list(stop_words()[language])}
    published = {
        "gopher_repetition": _repetition(language),
        "gopher_quality": _quality(language) | words,
        "fineweb": _fineweb(language),
    }
    english: dict[str, Settings] = {"gopher_quality": words, "c4": {"filter_no_terminal_punct": False}}
    return {
        "fineweb": [(name, english.get(name, {})) for name in policy("fineweb").order],
        "fineweb2": [(name, published[name]) for name in policy("fineweb2").order],
    }


def _threshold(reason: str, language: str) -> Any:
    return policy("fineweb2").threshold(BY_REASON[reason], language)


def _repetition(language: str) -> Settings:
    def of(name: str) -> Any:
        return _threshold(f"gopher_repetition.{name}", language)

    shares = ("dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac")
    return {name: of(name) for name in shares} | {
        "top_n_grams": [(n, of(f"top_{n}_gram")) for n in (2, 3, 4)],
        "dup_n_grams": [(n, of(f"duplicated_{n}_n_grams")) for n in range(5, 11)],
    }


def _quality(language: str) -> Settings:
    names = {
        "min_avg_word_length": "below_avg_threshold",
        "max_avg_word_length": "above_avg_threshold",
        "max_non_alpha_words_ratio": "below_alpha_threshold",
    }
    return {theirs: _threshold(f"gopher_quality.{ours}", language) for theirs, ours in names.items()}


def _fineweb(language: str) -> Settings:
    return {
        "line_punct_thr": _threshold("fineweb.line_punct_ratio", language) or 0,
        "short_line_thr": _threshold("fineweb.short_line_ratio", language) or OFF,
        "char_duplicates_ratio": _threshold("fineweb.char_dup_ratio", language) or OFF,
        "new_line_ratio": _threshold("fineweb.list_ratio", language) or OFF,
    }


def verdicts(texts: Sequence[str], language: str) -> list[dict[str, Any]]:
    """What our measures and policies say, in the shape of datatrove_verdicts.py.

    `alone` has an entry for every rule set, whatever the ones before it say; `c4` is the rewritten text itself.
    """
    answers: list[dict[str, Any]] = [{"chains": {}, "alone": {}, "c4": None} for _ in texts]
    rows = measure(batch(texts, language), MeasureConfig()).to_pylist()
    for chain in CHAINS:
        for answer, row in zip(answers, rows, strict=True):
            failed = [_in_datatroves_words(reason) for reason in reasons(row, policy(chain)) if reason in DATATROVE]
            answer["chains"][chain] = next(iter(failed), None)
            answer["alone"][chain] = {
                name: next((reason for reason in failed if reason.startswith(f"{name}.")), None)
                for name in policy(chain).order
            }
            if chain == "fineweb":
                answer["c4"] = row["text"] if row["c4_text"] is None else row["c4_text"]
    return answers


def batch(texts: Sequence[str], language: str) -> pa.RecordBatch:
    """Documents as the measuring pass takes them."""
    rows = len(texts)
    return pa.RecordBatch.from_pydict(
        {
            "doc_id": pa.array(map(str, range(rows))),
            "source": pa.array(["web"] * rows),
            "language": pa.array([language] * rows),
            "language_score": pa.array([1.0] * rows),
            "text": pa.array(texts, pa.string()),
            "meta": pa.array([[]] * rows, pa.map_(pa.string(), pa.string())),
        }
    )


def _in_datatroves_words(reason: str) -> str:
    return f"{reason.split('.')[0]}.{DATATROVE[reason]}"
