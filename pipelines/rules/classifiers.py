"""Quality classifiers: how probable a fastText model finds a label for the text as read."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipelines.kernels.batch import TextBatch
from pipelines.language.scoring import scores
from pipelines.rules.config import ClassifierConfig
from pipelines.tables import MEASURES

TYPE = MEASURES.schema.field("classifiers").type


def measure(texts: TextBatch, classifiers: Sequence[ClassifierConfig]) -> pa.MapArray:
    """Classifier -> probability of its label, (T,); null without classifiers.

    A text that a model cannot judge, such as a blank one, has a null score of it.

    Raises:
        ValueError, OSError: as `pipelines.language.scoring.scores`.
    """
    if not classifiers:
        return pa.nulls(len(texts), TYPE)
    found = np.empty((len(texts), len(classifiers)), np.float64)
    for model, columns in _by_model(classifiers).items():
        found[:, columns] = scores(texts, model, [classifiers[column].label for column in columns])
    offsets = np.arange(len(texts) + 1, dtype=np.int32) * len(classifiers)
    names = np.tile([each.name for each in classifiers], len(texts))
    values = pa.array(found.ravel(), pa.float64(), mask=np.isnan(found.ravel()))
    return pa.MapArray.from_arrays(offsets, pa.array(names, pa.string()), values)


def _by_model(classifiers: Sequence[ClassifierConfig]) -> dict[str, list[int]]:
    """Model -> places of the classifiers that ask it: one pass over the texts answers all of them."""
    places = defaultdict(list)
    for place, each in enumerate(classifiers):
        places[each.model].append(place)
    return places
