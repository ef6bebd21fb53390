"""Scores of texts by fastText classifiers that the user names: how probable a label is.

A text is read whole and as it is: no lower case, no tokenizer. Line breaks are blanks, as in the published pipelines,
which replace them before they ask fastText (DCLM, Li et al. 2024; datatrove's `FastTextClassifierFilter`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pipelines.errors import MisuseError
from pipelines.kernels.batch import TextBatch
from pipelines.language.fasttext import Classifier
from pipelines.language.fasttext_model import Doubles
from pipelines.reference import uses_library
from pipelines.storage.local_copy import local_copy

_MODELS_KEPT = 16  # in a process


class LabelError(MisuseError, ValueError):
    """A model has no such label."""


def scores(texts: TextBatch, model: str, labels: Sequence[str]) -> Doubles:
    """The probability of each label for each text, (T, K), in 0..1.

    NaN for blank texts, and for texts without any feature of the model.

    Args:
        texts: any lengths.
        model: location of a supervised model, `.bin` or `.ftz`; a remote one is copied to this machine once.
        labels: as they stand in the model, with their prefix.

    Raises:
        LabelError: the model has no such label.
        ValueError: the file is not a fastText classifier.
        OSError: it cannot be read.
    """
    if uses_library("fasttext"):
        return _scores_of_fasttext(texts, model, labels)
    classifier = _classifier(model)
    return classifier.scores(texts, [number_of(label, classifier.labels, model) for label in labels])


def number_of(label: str, known: Sequence[str], model: str) -> int:
    """The number of a label among those of a model.

    Raises:
        LabelError: it is none of them.
    """
    if label not in known:
        some = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
        raise LabelError(f"model {model}: it has no label {label!r}; its labels: {some}")
    return known.index(label)


@lru_cache(maxsize=_MODELS_KEPT)
def _classifier(model: str) -> Classifier:
    return Classifier.read(local_copy(model))


def _scores_of_fasttext(texts: TextBatch, model: str, labels: Sequence[str]) -> Doubles:
    """The same from fastText's own binding. It makes a guess about blank text, which is discarded."""
    binding = _fasttext(model)
    found = np.full((len(texts), len(labels)), np.nan)
    for row, text in enumerate(texts.strings()):
        said, probabilities = ((), ()) if not text.strip() else binding.predict(text.replace("\n", " "), k=-1)
        if said:  # labels that it leaves out are less probable than it can tell
            known = dict(zip(said, probabilities, strict=True))
            found[row] = [min(float(known.get(label, 0.0)), 1.0) for label in labels]
    return found


@lru_cache(maxsize=_MODELS_KEPT)
def _fasttext(model: str) -> Any:
    import fasttext

    return fasttext.load_model(str(local_copy(model)))
