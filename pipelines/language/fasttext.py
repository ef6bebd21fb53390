"""Classification of texts with a fastText model (Joulin et al. 2016), in kernels.

Shapes: T texts, B bytes, D dimensions, L labels, K labels whose probabilities are asked for.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.language.fasttext_labels import Paths, best_label, label_scores, label_tree, paths
from pipelines.language.fasttext_model import Doubles, Floats, Model, read_model
from pipelines.language.fasttext_table import TABLE_BYTES, WordTable, sum_text
from pipelines.language.fasttext_words import NGrams, Vocabulary, n_grams, vocabulary


class Classifier:
    """A supervised model, with a cache of the vectors of words."""

    def __init__(self, model: Model, table_bytes: int = TABLE_BYTES) -> None:
        self.labels = model.labels
        self._vocabulary = vocabulary(model)
        self._ngrams = n_grams(model)
        self._matrix, self._output, self._loss = model.matrix, model.output, model.loss
        self._tree = label_tree(model.label_counts)
        self._table = WordTable.of(model.output.shape[1], table_bytes)

    @classmethod
    def read(cls, path: Path) -> Self:
        """As `read_model`, with the same errors."""
        return cls(read_model(path))

    def predict(self, texts: TextBatch) -> tuple[Ids, Doubles]:
        """The number of each text's most probable label and its probability, (T,) each.

        -1 and 0 where there is none: blank texts, and texts without any feature of the model.
        """
        features = self._vocabulary, self._ngrams, self._matrix, self._table
        return _classify(texts.data, texts.begins, texts.ends, *features, self._output, self._loss, self._tree)

    def scores(self, texts: TextBatch, labels: Sequence[int]) -> Doubles:
        """The probabilities of some labels, given by their numbers: (T, K), each in 0..1.

        NaN where a text has none: blank texts, and texts without any feature of the model. fastText adds 1e-5 to a
        probability before it takes its logarithm, so scores of softmax do not sum to 1 exactly.
        """
        features = self._vocabulary, self._ngrams, self._matrix, self._table
        wanted = np.array(labels, np.int64)
        found = _score(
            texts.data,
            texts.begins,
            texts.ends,
            *features,
            self._output,
            self._loss,
            wanted,
            paths(self._tree, labels),
        )
        return np.clip(found, 0, 1)


@njit(cache=True)
def _classify(
    data: Bytes,
    begins: Integers,
    ends: Integers,
    vocabulary: Vocabulary,
    ngrams: NGrams,
    matrix: Floats,
    table: WordTable,
    output: Floats,
    loss: int,
    tree: Ids,
) -> tuple[Ids, Doubles]:
    labels, probabilities = np.full(len(begins), -1, np.int32), np.zeros(len(begins), np.float64)
    total = np.empty(output.shape[1] + 1, np.float64)
    vector, scores = np.empty(output.shape[1], np.float32), np.empty(len(output), np.float32)
    for text in range(len(begins)):
        sum_text(data, begins[text], ends[text], vocabulary, ngrams, matrix, table, total)
        if total[-1] == 0:
            continue
        for d in range(len(vector)):
            vector[d] = total[d] / total[-1]
        label, probability = best_label(vector, output, loss, tree, scores)
        if label >= 0:
            labels[text], probabilities[text] = label, probability
    return labels, probabilities


@njit(cache=True)
def _score(
    data: Bytes,
    begins: Integers,
    ends: Integers,
    vocabulary: Vocabulary,
    ngrams: NGrams,
    matrix: Floats,
    table: WordTable,
    output: Floats,
    loss: int,
    wanted: Integers,
    ways: Paths,
) -> Doubles:
    found = np.full((len(begins), len(wanted)), np.nan, np.float64)
    total = np.empty(output.shape[1] + 1, np.float64)
    vector, scores = np.empty(output.shape[1], np.float32), np.empty(len(output), np.float32)
    for text in range(len(begins)):
        sum_text(data, begins[text], ends[text], vocabulary, ngrams, matrix, table, total)
        if total[-1] == 0:
            continue
        for d in range(len(vector)):
            vector[d] = total[d] / total[-1]
        label_scores(vector, output, loss, wanted, ways, scores, found[text])
    return found
