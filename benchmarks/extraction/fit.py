"""Fits the weights of extractor `blocks` on half of the sites of WCXB's development pages, and prints them.

    python -m benchmarks.extraction.fit DIR

A block is main text if the expected text holds more than half of its word trigrams; one of fewer than five words, if
it holds them in this order. The weights are those of a logistic regression with a small penalty (Newton's method),
where each page counts the same and in it each word. The output replaces WEIGHTS in pipelines/extraction/evidence.py.
"""

import argparse
import html
import re
import sys
from pathlib import Path

import numpy as np
from resiliparse.parse.html import HTMLTree

from benchmarks.extraction.pages import ExpectedPage, NoPagesError, load
from pipelines.extraction.blocks import Floats, Page, read
from pipelines.extraction.evidence import evidence

_WORD = re.compile(r"\w+")
_PENALTY = 30.0  # on standardised weights
_STEPS = 12
_LEAST = -0.2  # log odds from which on a block is kept: a lost word costs more than a superfluous one


def main() -> int:
    """Prints the weights, one line each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction.fit", description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        pages = load(parser.parse_args().folder, part="fitted")
    except NoPagesError as error:
        print(error, file=sys.stderr)
        return 1
    examples = [example for page in pages if (example := _examples(page)) is not None]
    columns, is_main, importance = (
        np.concatenate(parts) for parts in zip(*(found[1:] for found in examples), strict=True)
    )
    weights = fit(columns, is_main, importance / importance.mean())
    weights[-1] -= _LEAST
    for name, weight in zip(examples[0][0], weights, strict=True):
        print(f'    "{name}": {weight:.3f},')
    return 0


def fit(columns: Floats, is_main: Floats, importance: Floats) -> Floats:
    """Weights of a logistic regression; the last column is constant, and its weight is the intercept."""
    mean, deviation = columns.mean(axis=0), columns.std(axis=0) + 1e-9
    mean[-1], deviation[-1] = 0, 1
    standard = (columns - mean) / deviation
    weights = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-standard @ weights))
        curvature = (standard * (importance * chance * (1 - chance))[:, None]).T @ standard
        gradient = standard.T @ (importance * (is_main - chance)) - _PENALTY * weights
        weights += np.linalg.solve(curvature + _PENALTY * np.eye(len(weights)), gradient)
    raw: Floats = weights / deviation
    raw[-1] -= raw[:-1] @ mean[:-1]
    return raw


def _examples(page: ExpectedPage) -> tuple[list[str], Floats, Floats, Floats] | None:
    """Names and columns of the evidence for a page's blocks, which are main text, and their share of the words."""
    body = HTMLTree.parse(page.html).body
    blocks = read(body.outer_html if body is not None else "")
    if not len(blocks.words):
        return None
    found = evidence(blocks)
    labels = np.array(_labels(blocks, page.expected), np.float64)
    return list(found), np.stack(list(found.values()), axis=1), labels, blocks.words / blocks.words.sum()


def _labels(blocks: Page, expected: str) -> list[bool]:
    words = _WORD.findall(expected.lower())
    trigrams, text = set(zip(words, words[1:], words[2:], strict=False)), f" {' '.join(words)} "
    texts = [""] * len(blocks.words)
    for _, value, block in blocks.events:
        if block >= 0:
            texts[block] += value
    labels = []
    for own in (_WORD.findall(html.unescape(value).lower()) for value in texts):
        triples = list(zip(own, own[1:], own[2:], strict=False))
        if len(own) < 5:
            labels.append(bool(own) and f" {' '.join(own)} " in text)
        else:
            labels.append(sum(triple in trigrams for triple in triples) > len(triples) / 2)
    return labels


if __name__ == "__main__":
    sys.exit(main())
