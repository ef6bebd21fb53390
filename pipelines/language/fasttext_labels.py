"""From a text's vector to its most probable label, or to the probabilities of some, for each of fastText's losses.

Shapes: L labels, D dimensions, K labels whose probabilities are asked for. Every step is rounded to 32 bits as in
fastText, so that nearly equal labels come in the same order. Of labels with equal scores the last one found wins.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Ids, Integers, Truths
from pipelines.language.fasttext_model import HIERARCHICAL_SOFTMAX, SOFTMAX, Doubles, Floats

# The logistic function is read from a table of 512 steps between -8 and 8 (one versus all, negative sampling).
_STEPS, _RANGE = 512, 8
_ABSCISSAE = (np.arange(_STEPS + 1) * 2 * _RANGE).astype(np.float32) / np.float32(_STEPS) - np.float32(_RANGE)
_LOGISTIC = (1 / (1 + np.exp(-_ABSCISSAE).astype(np.float64))).astype(np.float32)


def label_tree(counts: Integers) -> Ids:
    """The Huffman tree of hierarchical softmax: children (2 L - 1, 2) of leaves (-1) and then inner nodes, root last.

    Args:
        counts: of the labels (L,), in descending order.
    """
    labels = len(counts)
    weights = np.full(2 * labels - 1, 10**15, np.int64)
    weights[:labels] = counts
    children = np.full((2 * labels - 1, 2), -1, np.int32)
    leaf, node = labels - 1, labels
    for parent in range(labels, 2 * labels - 1):
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                children[parent, side], leaf = leaf, leaf - 1
            else:
                children[parent, side], node = node, node + 1
        weights[parent] = weights[children[parent]].sum()
    return children


class Paths(NamedTuple):
    """The ways from the root of the tree to K leaves, one after the other."""

    nodes: Ids  # rows of the output matrix
    right: Truths  # whether the way goes to the right there
    offsets: Integers  # (K + 1,)


def paths(tree: Ids, labels: Sequence[int]) -> Paths:
    """The paths to some labels of a tree of `label_tree`."""
    leaves = (len(tree) + 1) // 2
    parents = {int(child): (node, side) for node in range(leaves, len(tree)) for side, child in enumerate(tree[node])}
    found: list[list[tuple[int, int]]] = []
    for label in labels:
        steps, node = [], int(label)
        while node in parents:
            node, side = parents[node]
            steps.append((node - leaves, side))
        found.append(steps[::-1])
    together = np.array([step for steps in found for step in steps], np.int32).reshape(-1, 2)
    offsets = np.cumsum([0, *map(len, found)]).astype(np.int64)
    return Paths(np.ascontiguousarray(together[:, 0]), together[:, 1] == 1, offsets)


@njit(cache=True)
def label_scores(
    vector: Floats, output: Floats, loss: int, wanted: Integers, ways: Paths, scores: Floats, found: Doubles
) -> None:
    """Fills `found` (K,) with the scores of labels, as fastText gives them when it is asked for all.

    Args:
        vector: of the text (D,).
        output: as for `best_label`.
        loss: number of the loss, as in the file.
        wanted: numbers of the labels (K,).
        ways: the paths to them, for hierarchical softmax.
        scores: room for (L,) numbers.
        found: room for the result.
    """
    if loss == SOFTMAX:
        for label in range(len(scores)):
            scores[label] = _dot(vector, output[label])
        _softmax(scores)
    for k in range(len(wanted)):
        if loss == SOFTMAX:
            score = _log(scores[wanted[k]])
        elif loss == HIERARCHICAL_SOFTMAX:
            score = np.float32(0)
            for step in range(ways.offsets[k], ways.offsets[k + 1]):
                share = _right_share(vector, output[ways.nodes[step]])
                score += _log(share if ways.right[step] else np.float32(1.0 - share))
        else:
            score = _log(_logistic(_dot(vector, output[wanted[k]])))
        found[k] = np.exp(score)


@njit(cache=True)
def best_label(vector: Floats, output: Floats, loss: int, tree: Ids, scores: Floats) -> tuple[int, float]:
    """(number of the most probable label, its score); -1 when all are below fastText's least probability.

    Args:
        vector: of the text (D,).
        output: row of each label, or of each inner node of the tree (L, D).
        loss: number of the loss, as in the file.
        tree: as `label_tree` gives it; used by hierarchical softmax alone.
        scores: room for (L,) numbers.
    """
    if loss == HIERARCHICAL_SOFTMAX:
        return _best_leaf(vector, output, tree)
    for label in range(len(scores)):
        scores[label] = _dot(vector, output[label])
    if loss == SOFTMAX:
        _softmax(scores)
    else:
        for label in range(len(scores)):
            scores[label] = _logistic(scores[label])
    best, highest = -1, np.float32(-np.inf)
    for label in range(len(scores)):
        score = _log(scores[label])
        if score >= highest:
            best, highest = label, score
    return best, np.exp(highest)


@njit(cache=True)
def _best_leaf(vector: Floats, output: Floats, tree: Ids) -> tuple[int, float]:
    """Searches the tree from the root, left branches first; a branch below the best leaf so far is left out."""
    labels = len(output)
    best, highest = -1, _log(np.float32(0))
    nodes, scores = np.empty(len(tree) + 1, np.int32), np.empty(len(tree) + 1, np.float32)
    nodes[0], scores[0] = len(tree) - 1, 0
    waiting = 1
    while waiting:
        waiting -= 1
        node, score = nodes[waiting], scores[waiting]
        if not score >= highest:  # also NaN
            continue
        left, right = tree[node]
        if left < 0:
            best, highest = node, score
            continue
        right_share = _right_share(vector, output[node - labels])
        left_share = np.float32(1.0 - right_share)
        nodes[waiting], scores[waiting] = right, score + _log(right_share)
        nodes[waiting + 1], scores[waiting + 1] = left, score + _log(left_share)
        waiting += 2
    return best, np.exp(highest)


@njit(cache=True)
def _right_share(vector: Floats, row: Floats) -> np.float32:
    return np.float32(1.0 / (1.0 + np.exp(-_dot(vector, row))))


@njit(cache=True)
def _dot(left: Floats, right: Floats) -> np.float32:
    total = np.float32(0)
    for d in range(len(left)):
        total += left[d] * right[d]
    return total


@njit(cache=True)
def _log(probability: np.float32) -> np.float32:
    return np.float32(np.log(np.float64(probability) + 1e-5))


@njit(cache=True)
def _softmax(scores: Floats) -> None:
    highest, total = scores.max(), np.float32(0)
    for label in range(len(scores)):
        scores[label] = np.exp(scores[label] - highest)
        total += scores[label]
    for label in range(len(scores)):
        scores[label] /= total


@njit(cache=True)
def _logistic(value: np.float32) -> np.float32:
    if value < -_RANGE:
        return np.float32(0)
    if value > _RANGE:
        return np.float32(1)
    return _LOGISTIC[int((value + _RANGE) * np.float32(_STEPS) / np.float32(2 * _RANGE))]
