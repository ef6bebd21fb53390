"""From measures to decisions: which rules of a policy each pair fails."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.bitext.languages import base
from pipelines.bitext.policies.policy import PairPolicy, Thresholds
from pipelines.bitext.rules.catalogue import LANGUAGE_RULE, RULES, SIDES, Fails
from pipelines.tables import PAIR_DECISIONS

Truths = npt.NDArray[np.bool_]

_COMPARE = {"below": np.less, "above": np.greater, "at_least": np.greater_equal, "at_most": np.less_equal}


def decide(measures: pa.RecordBatch, policy: PairPolicy, run_id: str) -> pa.RecordBatch:
    """The rows of `pair_decisions` for rows of `pair_measures`, in their order.

    `reasons` holds every rule that fails, in the order of the catalogue; `kept` is true when there is none.
    """
    number = measures.num_rows
    languages = [measures[name].to_numpy(zero_copy_only=False) for name in ("source_language", "target_language")]
    found: dict[str, Truths] = {}  # reason -> (N,) whether a pair fails
    for source, target in sorted(set(zip(*languages, strict=True))):
        here = np.flatnonzero((languages[0] == source) & (languages[1] == target))
        thresholds = policy.thresholds(source, target)
        for reason, fails in _failures(measures.take(pa.array(here)), thresholds, (source, target)):
            found.setdefault(reason, np.zeros(number, np.bool_))[here] = fails
    kept, reasons = _reasons(found, number)
    columns = {
        "pair_id": measures["pair_id"],
        "policy": pa.repeat(pa.scalar(policy.label), number),
        "kept": kept,
        "reasons": reasons,
        "run_id": pa.repeat(pa.scalar(run_id), number),
    }
    return pa.RecordBatch.from_pydict(columns, schema=PAIR_DECISIONS.schema)


def _failures(
    measures: pa.RecordBatch, thresholds: Thresholds, languages: tuple[str, str]
) -> Iterator[tuple[str, Truths]]:
    for name, rule in RULES.items():
        threshold = thresholds.get(name)
        if threshold is not None:
            for reason, path in rule.fields:
                yield reason, _fails(_values(measures, path), rule.fails, threshold)
    least = thresholds.get(LANGUAGE_RULE)
    if least is not None:
        for side, language in zip(SIDES, languages, strict=True):
            detected = _field(measures, f"language.{side}_detected")
            other = pc.not_equal(detected, base(language)).fill_null(False).to_numpy(zero_copy_only=False)
            sure = _fails(_values(measures, f"language.{side}_score"), "at_least", least)
            yield f"{LANGUAGE_RULE}:{side}", other & sure


def _field(measures: pa.RecordBatch, path: str) -> pa.Array:
    struct, _, name = path.partition(".")
    return pc.struct_field(measures[struct], name)


def _values(measures: pa.RecordBatch, path: str) -> npt.NDArray[np.float64]:
    """(N,); null is NaN, which fails nothing."""
    return np.asarray(_field(measures, path).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _fails(values: npt.NDArray[np.float64], how: Fails, threshold: float) -> Truths:
    with np.errstate(invalid="ignore"):
        return np.asarray(_COMPARE[how](values, threshold), np.bool_)


def _reasons(found: dict[str, Truths], number: int) -> tuple[pa.Array, pa.Array]:
    """(whether nothing fails, what fails) of each pair."""
    if not found:
        nothing = pa.array([[]] * number, pa.list_(pa.string()))
        return pa.repeat(pa.scalar(True), number), nothing
    order = {reason: place for place, reason in enumerate(_order())}
    names = sorted(found, key=lambda reason: order[reason])
    failed = np.stack([found[name] for name in names], axis=1)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(failed.sum(axis=1))])
    which = pa.array(np.nonzero(failed)[1], pa.int32())
    reasons = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(names, pa.string()).take(which))
    return pa.array(~failed.any(axis=1)), reasons


def _order() -> Iterator[str]:
    for rule in RULES.values():
        yield from (reason for reason, _ in rule.fields)
    yield from (f"{LANGUAGE_RULE}:{side}" for side in SIDES)
